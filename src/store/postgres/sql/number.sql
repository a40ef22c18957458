UPDATE events
SET position = numbered.position, leaf = numbered.leaf
FROM unnest($1::bigint[], $2::bigint[], $3::bytea[]) AS numbered (row_number, position, leaf)
WHERE events.rowid = numbered.row_number AND events.position IS NULL
