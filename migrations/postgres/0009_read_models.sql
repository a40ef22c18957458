-- Derived from the log. Times are microseconds since 1970, UTC; scores are in steps of 1e-4.

-- Sessions that wait for a person.
CREATE TABLE review_queue (
    session_id    text   COLLATE "C" PRIMARY KEY,
    partner_id    text    NOT NULL,
    version       bigint NOT NULL,
    cause         text    NOT NULL,
    waiting_since bigint NOT NULL,
    risk_score    bigint,
    risk_level    text,
    reasons       text    NOT NULL
);

CREATE INDEX review_queue_oldest ON review_queue (waiting_since, session_id);

-- Who did what, event by event.
CREATE TABLE audit_trail (
    position       bigint PRIMARY KEY,
    at             bigint,
    actor          text,
    action         text    NOT NULL,
    aggregate_type text    NOT NULL,
    aggregate_id   text    NOT NULL,
    sequence       bigint NOT NULL,
    request_id     text
);

CREATE INDEX audit_trail_by_actor ON audit_trail (actor, position);
CREATE INDEX audit_trail_by_action ON audit_trail (action, position);

-- What partners are told, numbered for each of them.
CREATE TABLE webhook_messages (
    partner_id text    NOT NULL,
    number     bigint NOT NULL CHECK (number > 0),
    id         text    NOT NULL,
    position   bigint NOT NULL,
    session_id text    NOT NULL,
    kind       text    NOT NULL,
    status     text    NOT NULL,
    risk_level text,
    risk_score bigint,
    is_final   bigint NOT NULL,
    -- 1 if the session's own address takes the place of its partner's endpoints.
    to_session_url bigint NOT NULL,
    at         bigint NOT NULL,
    PRIMARY KEY (partner_id, number)
);

CREATE INDEX webhook_messages_by_position ON webhook_messages (position, number);
CREATE INDEX webhook_messages_by_id ON webhook_messages (id);
