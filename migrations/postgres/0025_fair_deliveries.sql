-- What is due of each partner, the longest due first: partners take turns.
CREATE INDEX deliveries_due_of_partner ON deliveries (partner_id, due_at) WHERE due_at IS NOT NULL;
