-- rowid order needs no index; numbered or not, every event counts.
SELECT rowid AS row_number, payload
FROM events
WHERE aggregate_type = 'session' AND rowid > ?
ORDER BY rowid
LIMIT ?
