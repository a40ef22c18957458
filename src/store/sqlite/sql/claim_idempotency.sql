-- Takes a key that is new, too old, or left unanswered: by a process that is gone, or for longer than creating takes.
-- No row when it is somebody's.
INSERT INTO idempotency (partner_id, route, key, fingerprint, session_id, worker, created_at, taken_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)
ON CONFLICT (partner_id, route, key) DO UPDATE
SET fingerprint = excluded.fingerprint,
    session_id = iif(created_at < ?8, excluded.session_id, session_id),
    created_at = iif(created_at < ?8, excluded.created_at, created_at),
    taken_at = excluded.taken_at,
    worker = excluded.worker,
    version = NULL,
    status = NULL
WHERE created_at < ?8
   OR (status IS NULL
       AND fingerprint = excluded.fingerprint
       AND (worker <> excluded.worker OR taken_at < ?9))
RETURNING session_id
