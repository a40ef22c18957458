-- Whether an event waits for its number, or one of the named projections for numbered events. The names and how many
-- they are come from the program.
SELECT EXISTS (SELECT 1 FROM events WHERE position IS NULL)
    OR EXISTS (
        SELECT 1
        FROM log_head
        WHERE size > 0
          AND (SELECT count(*) FROM checkpoints WHERE position >= log_head.size AND projection IN ({names})) < {count}
    )
