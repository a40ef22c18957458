-- Numbered or not, every event counts.
SELECT rowid AS row_number, CAST(payload AS TEXT) AS payload
FROM events
WHERE aggregate_type = 'session' AND rowid > $1
ORDER BY rowid
LIMIT $2
