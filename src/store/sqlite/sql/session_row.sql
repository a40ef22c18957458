SELECT session_id, partner_id, version, status, created_at, body
FROM partner_sessions
WHERE session_id = ? AND partner_id = ?
