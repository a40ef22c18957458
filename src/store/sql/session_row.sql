SELECT session_id, partner_id, version, status, created_at, body
FROM partner_sessions
WHERE session_id = $1 AND partner_id = $2
