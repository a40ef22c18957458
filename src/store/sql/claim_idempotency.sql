-- Takes a key that is new, too old, or left unanswered: by a process that is gone, or for longer than creating takes.
-- No row when it is somebody's.
INSERT INTO idempotency (partner_id, route, key, fingerprint, session_id, worker, created_at, taken_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
ON CONFLICT (partner_id, route, key) DO UPDATE
SET fingerprint = excluded.fingerprint,
    session_id = CASE WHEN idempotency.created_at < $8 THEN excluded.session_id ELSE idempotency.session_id END,
    created_at = CASE WHEN idempotency.created_at < $8 THEN excluded.created_at ELSE idempotency.created_at END,
    taken_at = excluded.taken_at,
    worker = excluded.worker,
    version = NULL,
    status = NULL
WHERE idempotency.created_at < $8
   OR (idempotency.status IS NULL
       AND idempotency.fingerprint = excluded.fingerprint
       AND (idempotency.worker <> excluded.worker OR idempotency.taken_at < $9))
RETURNING session_id
