SELECT session_id, partner_id, cause, waiting_since, risk_score, risk_level, reasons, claimed_by, claimed_until
FROM review_queue
WHERE (waiting_since, session_id) > ($1, $2)
ORDER BY waiting_since, session_id
LIMIT $3
