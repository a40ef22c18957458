INSERT INTO partner_sessions (session_id, partner_id, version, status, created_at, body, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (session_id) DO UPDATE
SET version = excluded.version, status = excluded.status, body = excluded.body, expires_at = excluded.expires_at
