SELECT session_id, identity
FROM monitored_subjects
WHERE state = $1 AND session_id > $2
ORDER BY session_id
LIMIT $3
