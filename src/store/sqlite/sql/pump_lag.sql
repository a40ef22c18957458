-- Events that wait for their number, and how long the oldest has waited, in milliseconds.
SELECT count(*), coalesce(CAST((julianday('now') - julianday(min(recorded_at))) * 86400000 AS INTEGER), 0)
FROM events
WHERE position IS NULL
