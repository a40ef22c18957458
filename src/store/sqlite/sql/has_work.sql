-- Whether an event waits for its number, or one of the named projections (JSON array) for numbered events.
SELECT EXISTS (SELECT 1 FROM events WHERE position IS NULL)
    OR EXISTS (
        SELECT 1 FROM json_each(?) AS projection, log_head
        WHERE log_head.size > coalesce(
            (SELECT position FROM checkpoints WHERE checkpoints.projection = projection.value), 0)
    )
