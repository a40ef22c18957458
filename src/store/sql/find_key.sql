SELECT api_keys.id, api_keys.partner_id, api_keys.hash, api_keys.scopes,
       coalesce(api_keys.requests_per_minute, partners.requests_per_minute) AS requests_per_minute
FROM api_keys
JOIN partners ON partners.id = api_keys.partner_id
WHERE api_keys.hash = $1
  AND api_keys.revoked_at IS NULL
  AND (api_keys.expires_at IS NULL OR api_keys.expires_at > $2)
  AND partners.suspended_at IS NULL
