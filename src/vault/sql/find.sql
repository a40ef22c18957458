SELECT session_id
FROM blind_indexes
WHERE partner_id = ? AND purpose = ? AND index_value = ?
ORDER BY created_at DESC, session_id DESC
LIMIT 10000
