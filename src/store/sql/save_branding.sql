INSERT INTO partner_branding (partner_id, name, colour, logo) VALUES ($1, $2, $3, $4)
ON CONFLICT (partner_id) DO UPDATE SET name = excluded.name, colour = excluded.colour, logo = excluded.logo
