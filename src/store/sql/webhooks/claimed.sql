SELECT delivery.id AS delivery_id, delivery.endpoint_id, delivery.lane, delivery.attempts, delivery.created_at,
       message.id, message.number, message.position, message.partner_id, message.session_id, message.kind,
       message.status, message.risk_level, message.risk_score, message.is_final, message.at,
       endpoint.url, endpoint.with_external_user_id
FROM deliveries AS delivery
JOIN webhook_messages AS message
    ON message.id = delivery.message_id
    -- A node of the version before says no place; the number is right as long as such a node runs.
    AND message.position = coalesce(delivery.position, (
        SELECT numbered.position FROM webhook_messages AS numbered
        WHERE numbered.partner_id = delivery.partner_id AND numbered.number = delivery.number))
LEFT JOIN webhook_endpoints AS endpoint ON endpoint.id = delivery.endpoint_id
WHERE delivery.id IN (