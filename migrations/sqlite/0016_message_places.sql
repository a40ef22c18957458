-- A delivery finds its message by its place in the log, which no rebuild changes. An index by the identifier, which is in no order
-- of time, dirtied a page for each message and made up most of a rebuild's writing.
ALTER TABLE deliveries ADD COLUMN position INTEGER;

UPDATE deliveries
SET position = (SELECT position FROM webhook_messages AS message WHERE message.id = deliveries.message_id);

-- Copied, since a rebuild gives indexes names of its own and SQLite drops them by name only.
CREATE TABLE webhook_messages_placed (
    partner_id TEXT    NOT NULL,
    number     INTEGER NOT NULL CHECK (number > 0),
    id         TEXT    NOT NULL,
    position   INTEGER NOT NULL,
    session_id TEXT    NOT NULL,
    kind       TEXT    NOT NULL,
    status     TEXT    NOT NULL,
    risk_level TEXT,
    risk_score INTEGER,
    is_final   INTEGER NOT NULL,
    -- 1 if the session's own address takes the place of its partner's endpoints.
    to_session_url INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    PRIMARY KEY (partner_id, number)
) STRICT, WITHOUT ROWID;

INSERT INTO webhook_messages_placed
    (partner_id, number, id, position, session_id, kind, status, risk_level, risk_score, is_final, to_session_url, at)
SELECT partner_id, number, id, position, session_id, kind, status, risk_level, risk_score, is_final, to_session_url, at
FROM webhook_messages;

DROP TABLE webhook_messages;
ALTER TABLE webhook_messages_placed RENAME TO webhook_messages;

CREATE INDEX webhook_messages_by_position ON webhook_messages (position, number);
