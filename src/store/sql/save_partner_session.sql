INSERT INTO partner_sessions
    (session_id, partner_id, version, status, created_at, body, expires_at, ended_at, ending, erasure_is_due,
     completed_at, reasons)
{values}
ON CONFLICT (session_id) DO UPDATE
SET version = excluded.version, status = excluded.status, body = excluded.body, expires_at = excluded.expires_at,
    ended_at = excluded.ended_at, ending = excluded.ending, erasure_is_due = excluded.erasure_is_due,
    completed_at = excluded.completed_at, reasons = excluded.reasons
