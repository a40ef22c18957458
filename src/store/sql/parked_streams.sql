SELECT projection, aggregate_type || '/' || aggregate_id, error
FROM parked_streams
ORDER BY projection, position
