-- Events that wait for their number, and when the oldest of them was appended.
SELECT count(*), min(recorded_at)
FROM events
WHERE position IS NULL
