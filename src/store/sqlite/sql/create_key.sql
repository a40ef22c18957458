INSERT INTO api_keys (id, partner_id, name, hash, scopes, created_at, expires_at)
VALUES (?, ?, ?, ?, ?, ?, ?)
