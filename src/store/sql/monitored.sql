SELECT session_id, identity, entered
FROM monitored_subjects
WHERE state = $1 AND session_id > $2
ORDER BY session_id
LIMIT $3
