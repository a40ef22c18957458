INSERT INTO parked_streams (projection, aggregate_type, aggregate_id, position, error) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (projection, aggregate_type, aggregate_id) DO NOTHING
