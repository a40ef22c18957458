SELECT coalesce(position, 0) AS position,
       aggregate_type, aggregate_id, sequence, event_type, event_version,
       CAST(payload AS TEXT) AS payload, CAST(metadata AS TEXT) AS metadata, recorded_at
FROM events
WHERE aggregate_type = $1 AND aggregate_id = $2 AND sequence > $3
ORDER BY sequence
