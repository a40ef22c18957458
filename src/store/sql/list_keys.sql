SELECT api_keys.id, partners.name AS partner, api_keys.name, api_keys.scopes, api_keys.requests_per_minute,
       api_keys.created_at, api_keys.expires_at, api_keys.revoked_at, key_uses.last_used_at
FROM api_keys
JOIN partners ON partners.id = api_keys.partner_id
LEFT JOIN key_uses ON key_uses.key_id = api_keys.id
ORDER BY api_keys.created_at, api_keys.id
