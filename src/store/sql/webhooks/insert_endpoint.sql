INSERT INTO webhook_endpoints (id, partner_id, url, events, with_external_user_id, created_at)
VALUES ($1, $2, $3, $4, $5, $6)
