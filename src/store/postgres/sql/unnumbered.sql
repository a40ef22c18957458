-- Events without a number. A stream's events are in sequence even if the clock went back between two appends: the sort
-- key never falls along a stream. One statement is one snapshot, and a snapshot that shows event k+1 shows event k.
WITH waiting AS (
    SELECT aggregate_type, aggregate_id, sequence, event_type, event_version,
           payload::text AS payload, metadata::text AS metadata,
           to_char(recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS recorded_at,
           max(recorded_at) OVER (PARTITION BY aggregate_type, aggregate_id ORDER BY sequence) AS arrived_at
    FROM events
    WHERE position IS NULL
    ORDER BY arrived_at, aggregate_type, aggregate_id, sequence
    LIMIT $1
)
SELECT 0::bigint AS position, waiting.*,
       waiting.sequence = 1 OR EXISTS (
           SELECT 1 FROM events AS previous
           WHERE previous.aggregate_type = waiting.aggregate_type
             AND previous.aggregate_id = waiting.aggregate_id
             AND previous.sequence = waiting.sequence - 1
             AND previous.position IS NOT NULL
       ) AS follows_a_numbered_event
FROM waiting
ORDER BY arrived_at, aggregate_type, aggregate_id, sequence
