-- A message goes to the endpoints that its partner had when it happened and that ask for its kind, unless the session
-- has an address of its own.
INSERT INTO deliveries (message_id, endpoint_id, partner_id, number, position, lane, state, attempts, due_at, created_at)
SELECT message.id, endpoint.id, message.partner_id, message.number, message.position, endpoint.id, 'due', 0, $3, $3
FROM webhook_messages AS message
JOIN webhook_endpoints AS endpoint ON endpoint.partner_id = message.partner_id
WHERE message.position > $1 AND message.position <= $2
  AND message.to_session_url = 0
  AND endpoint.disabled_at IS NULL
  AND endpoint.created_at <= message.at
  AND endpoint.events LIKE '% ' || message.kind || ' %'
ON CONFLICT (message_id, endpoint_id) DO NOTHING
