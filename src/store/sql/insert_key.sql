INSERT INTO api_keys (id, partner_id, name, hash, scopes, requests_per_minute, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
