-- Never back: another node may have noted a later use.
INSERT INTO key_uses (key_id, last_used_at) VALUES ($2, $1)
ON CONFLICT (key_id) DO UPDATE SET last_used_at = excluded.last_used_at
WHERE key_uses.last_used_at < excluded.last_used_at
