SELECT adoptable_partners.id AS partner_id, adoptable_partners.name AS partner, adoptable_partners.created_at AS registered_at,
       adoptable_keys.id, adoptable_keys.name, adoptable_keys.hash, adoptable_keys.scopes,
       adoptable_keys.created_at, adoptable_keys.expires_at, adoptable_keys.revoked_at
FROM adoptable_partners
JOIN adoptable_keys ON adoptable_keys.partner_id = adoptable_partners.id
ORDER BY adoptable_partners.created_at, adoptable_keys.created_at, adoptable_keys.id
