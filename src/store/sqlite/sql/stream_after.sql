SELECT coalesce(position, 0) AS position,
       aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, recorded_at
FROM events
WHERE aggregate_type = ? AND aggregate_id = ? AND sequence > ?
ORDER BY sequence
