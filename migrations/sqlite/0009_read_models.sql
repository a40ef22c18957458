-- Derived from the log. Times are microseconds since 1970, UTC; scores are in steps of 1e-4.

-- Sessions that wait for a person.
CREATE TABLE review_queue (
    session_id    TEXT    PRIMARY KEY,
    partner_id    TEXT    NOT NULL,
    version       INTEGER NOT NULL,
    cause         TEXT    NOT NULL,
    waiting_since INTEGER NOT NULL,
    risk_score    INTEGER,
    risk_level    TEXT,
    reasons       TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX review_queue_oldest ON review_queue (waiting_since, session_id);

-- Who did what, event by event.
CREATE TABLE audit_trail (
    position       INTEGER PRIMARY KEY,
    at             INTEGER,
    actor          TEXT,
    action         TEXT    NOT NULL,
    aggregate_type TEXT    NOT NULL,
    aggregate_id   TEXT    NOT NULL,
    sequence       INTEGER NOT NULL,
    request_id     TEXT
) STRICT;

CREATE INDEX audit_trail_by_actor ON audit_trail (actor, position);
CREATE INDEX audit_trail_by_action ON audit_trail (action, position);

-- What partners are told, numbered for each of them.
CREATE TABLE webhook_messages (
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

CREATE INDEX webhook_messages_by_position ON webhook_messages (position, number);
CREATE INDEX webhook_messages_by_id ON webhook_messages (id);
