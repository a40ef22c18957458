-- Two point reads, whatever the length of the stream and whether or not there is one. Only sessions have links; naming their kind in
-- the second would let SQLite walk the stream by its primary key.
SELECT EXISTS (SELECT 1 FROM events WHERE aggregate_type = 'session' AND aggregate_id = $1 AND sequence = 1) AS is_open,
       (SELECT CAST(payload AS TEXT) FROM events WHERE event_type = 'LinkIssued' AND aggregate_id = $1
        ORDER BY sequence DESC LIMIT 1) AS link
