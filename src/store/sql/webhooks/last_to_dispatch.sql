-- The last position of a batch: a batch ends between events, never between two messages of one.
SELECT max(position)
FROM (SELECT position FROM webhook_messages WHERE position > $1 ORDER BY position, number LIMIT $2) AS batch
