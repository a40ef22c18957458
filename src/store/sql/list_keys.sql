SELECT api_keys.id, partners.name AS partner, api_keys.name, api_keys.scopes,
       api_keys.created_at, api_keys.expires_at, api_keys.revoked_at, api_keys.last_used_at
FROM api_keys
JOIN partners ON partners.id = api_keys.partner_id
ORDER BY api_keys.created_at, api_keys.id
