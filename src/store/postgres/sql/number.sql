UPDATE events
SET position = numbered.position, leaf = numbered.leaf
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bytea[])
     AS numbered (aggregate_type, aggregate_id, sequence, position, leaf)
WHERE events.aggregate_type = numbered.aggregate_type
  AND events.aggregate_id = numbered.aggregate_id
  AND events.sequence = numbered.sequence
  AND events.position IS NULL
