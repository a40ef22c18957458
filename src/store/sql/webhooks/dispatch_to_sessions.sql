-- A session's own address is told what is documented. All such addresses of a partner share one lane.
INSERT INTO deliveries (message_id, endpoint_id, partner_id, number, position, lane, state, attempts, due_at, created_at)
SELECT message.id, 'session', message.partner_id, message.number, message.position, message.partner_id, 'due', 0, $3, $3
FROM webhook_messages AS message
WHERE message.position > $1 AND message.position <= $2
  AND message.to_session_url = 1
  AND message.kind IN ('session.created', 'session.document_uploaded', 'session.completed', 'session.expired')
ON CONFLICT (message_id, endpoint_id) DO NOTHING
