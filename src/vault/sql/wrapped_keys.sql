SELECT session_id, wrapped
FROM data_keys
WHERE class = ? AND session_id IN (SELECT value FROM json_each(?))
