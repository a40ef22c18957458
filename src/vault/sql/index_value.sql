INSERT INTO blind_indexes (partner_id, purpose, index_value, session_id, class, created_at)
SELECT $1, $2, $3, $4, $5, $6
WHERE NOT EXISTS (SELECT 1 FROM erased_classes WHERE session_id = $4 AND class = $5)
ON CONFLICT (partner_id, purpose, index_value, session_id) DO NOTHING
