-- Whether a message waits to be given out, or a delivery is due.
SELECT EXISTS (SELECT 1 FROM webhook_messages WHERE position > (SELECT position FROM webhook_dispatch))
    OR EXISTS (SELECT 1 FROM deliveries WHERE due_at <= $1)
