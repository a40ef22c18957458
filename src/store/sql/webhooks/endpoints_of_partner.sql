SELECT id, url, events, with_external_user_id, disabled_at, disabled_by, created_at
FROM webhook_endpoints
WHERE partner_id = $1
ORDER BY created_at, id
