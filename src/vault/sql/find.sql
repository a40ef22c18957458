SELECT session_id
FROM blind_indexes
WHERE partner_id = $1 AND purpose = $2 AND index_value = $3
ORDER BY created_at DESC, session_id DESC
LIMIT 10000
