SELECT position, aggregate_type, aggregate_id, sequence, event_type, event_version,
       CAST(payload AS TEXT) AS payload, CAST(metadata AS TEXT) AS metadata, recorded_at, leaf
FROM events
WHERE position > $1
ORDER BY position
LIMIT $2
