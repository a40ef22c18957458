-- Counts one more, or begins anew after a pause; no row where no more are taken. What is locked is not locked for longer by trying.
INSERT INTO sign_in_failures (name, address, failures, last_at) VALUES ($1, $2, 1, $3)
ON CONFLICT (name, address) DO UPDATE
SET failures = CASE WHEN sign_in_failures.last_at < $4 THEN 1 ELSE sign_in_failures.failures + 1 END,
    last_at = excluded.last_at
WHERE sign_in_failures.last_at < $4 OR sign_in_failures.failures < $5
