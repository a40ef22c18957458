SELECT attempt.endpoint_id, attempt.started_at, attempt.result, attempt.status, attempt.latency_ms, attempt.answer
FROM delivery_attempts AS attempt
JOIN deliveries AS delivery ON delivery.id = attempt.delivery_id
WHERE delivery.partner_id = $1 AND delivery.message_id = $2
ORDER BY attempt.started_at
