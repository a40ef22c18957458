INSERT INTO data_keys (session_id, class, wrapped)
SELECT $1, $2, $3
WHERE NOT EXISTS (SELECT 1 FROM erased_classes WHERE session_id = $1 AND class = $2)
ON CONFLICT (session_id, class) DO NOTHING
