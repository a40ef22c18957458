INSERT INTO erased_classes (session_id, class, erased_at) VALUES (?, ?, ?)
ON CONFLICT (session_id, class) DO NOTHING
