-- The page first: a planner that expects few rows of a join would rather read every message once.
SELECT delivery.message_id, delivery.endpoint_id, delivery.number, delivery.state, delivery.attempts, delivery.due_at,
       delivery.created_at, message.kind, message.session_id
FROM (
    SELECT message_id, endpoint_id, partner_id, number, position, state, attempts, due_at, created_at
    FROM deliveries
    WHERE partner_id = $1 AND number > $2 AND ($3 = '' OR state = $3)
    ORDER BY number, endpoint_id
    LIMIT $4
) AS delivery
JOIN webhook_messages AS message
    ON message.id = delivery.message_id
    -- A node of the version before says no place; the number is right as long as such a node runs.
    AND message.position = coalesce(delivery.position, (
        SELECT numbered.position FROM webhook_messages AS numbered
        WHERE numbered.partner_id = delivery.partner_id AND numbered.number = delivery.number))
ORDER BY delivery.number, delivery.endpoint_id
