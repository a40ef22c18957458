INSERT INTO erased_classes (session_id, class, erased_at) VALUES ($1, $2, $3)
ON CONFLICT (session_id, class) DO NOTHING
