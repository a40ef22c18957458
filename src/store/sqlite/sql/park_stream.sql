INSERT INTO parked_streams (projection, aggregate_type, aggregate_id, position, error) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (projection, aggregate_type, aggregate_id) DO NOTHING
