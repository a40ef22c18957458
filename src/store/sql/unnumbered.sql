-- Events without a number, oldest first, and whether their predecessor in the stream has one. One statement is one
-- snapshot: a snapshot that shows event k+1 of a stream shows event k, and k has the smaller rowid.
SELECT event.rowid AS row_number, CAST(0 AS BIGINT) AS position,
       event.aggregate_type, event.aggregate_id, event.sequence, event.event_type, event.event_version,
       CAST(event.payload AS TEXT) AS payload, CAST(event.metadata AS TEXT) AS metadata, event.recorded_at,
       event.sequence = 1 OR EXISTS (
           SELECT 1 FROM events AS previous
           WHERE previous.aggregate_type = event.aggregate_type
             AND previous.aggregate_id = event.aggregate_id
             AND previous.sequence = event.sequence - 1
             AND previous.position IS NOT NULL
       ) AS follows_a_numbered_event
FROM events AS event
WHERE event.position IS NULL
ORDER BY event.rowid
LIMIT $1
