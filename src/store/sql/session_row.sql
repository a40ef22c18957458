SELECT (SELECT coalesce(max(sequence), 0) FROM events WHERE aggregate_type = 'session' AND aggregate_id = $1) AS latest,
       partner_sessions.partner_id, partner_sessions.version, partner_sessions.status, partner_sessions.created_at,
       partner_sessions.body
FROM (SELECT 1) AS always
LEFT JOIN partner_sessions ON session_id = $1
