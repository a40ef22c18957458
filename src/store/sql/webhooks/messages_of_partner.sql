SELECT number, id, position, partner_id, session_id, kind, status, risk_level, risk_score, is_final, at
FROM webhook_messages
WHERE partner_id = $1 AND number > $2
ORDER BY number
LIMIT $3
