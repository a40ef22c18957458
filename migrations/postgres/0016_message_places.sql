-- A delivery finds its message by its place in the log, which no rebuild changes. An index by the identifier, which is in no order
-- of time, dirtied a page for each message and made up most of a rebuild's writing.
ALTER TABLE deliveries ADD COLUMN position bigint;

UPDATE deliveries
SET position = message.position
FROM webhook_messages AS message
WHERE message.id = deliveries.message_id;

-- A rebuild gives indexes names of its own.
DO $$
DECLARE
    by_id regclass;
BEGIN
    FOR by_id IN
        SELECT index.indexrelid::regclass
        FROM pg_index AS index
        JOIN pg_attribute AS column_ ON column_.attrelid = index.indrelid AND column_.attnum = index.indkey[0]
        WHERE index.indrelid = 'webhook_messages'::regclass AND index.indnatts = 1 AND column_.attname = 'id'
    LOOP
        EXECUTE format('DROP INDEX %s', by_id);
    END LOOP;
END
$$;
