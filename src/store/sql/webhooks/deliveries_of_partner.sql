SELECT delivery.message_id, delivery.endpoint_id, delivery.number, delivery.state, delivery.attempts, delivery.due_at,
       delivery.created_at, message.kind, message.session_id
FROM deliveries AS delivery
JOIN webhook_messages AS message ON message.id = delivery.message_id
WHERE delivery.partner_id = $1 AND delivery.number > $2 AND ($3 = '' OR delivery.state = $3)
ORDER BY delivery.number, delivery.endpoint_id
LIMIT $4
