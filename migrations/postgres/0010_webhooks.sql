-- Derived from the log: where partners are told about their sessions. Times are microseconds since 1970, UTC.
CREATE TABLE webhook_endpoints (
    id                    text    PRIMARY KEY,
    partner_id            text    NOT NULL,
    -- The address, sealed.
    url                   text    NOT NULL,
    -- Names of events between spaces.
    events                text    NOT NULL,
    with_external_user_id bigint NOT NULL,
    disabled_at           bigint,
    disabled_by           text,
    created_at            bigint NOT NULL
);

CREATE INDEX webhook_endpoints_by_partner ON webhook_endpoints (partner_id);

-- State of its own from here on: a rebuild of what derives from the log sends nothing.

-- One row: up to where messages were given out. What happened before there were webhooks is not told now.
CREATE TABLE webhook_dispatch (
    id       bigint PRIMARY KEY CHECK (id = 1),
    position bigint NOT NULL
);

INSERT INTO webhook_dispatch (id, position) SELECT 1, size FROM log_head;

-- Which message is owed to which endpoint.
CREATE TABLE deliveries (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message_id  text    NOT NULL,
    -- `session` for the session's own address.
    endpoint_id text    NOT NULL,
    partner_id  text    NOT NULL,
    number      bigint NOT NULL,
    -- What shares a limit of deliveries at a time: an endpoint, or the partner for its sessions' addresses.
    lane        text    NOT NULL,
    state       text    NOT NULL,
    attempts    bigint NOT NULL,
    -- When it is to be tried; while somebody tries it, when that counts as failed. NULL once it is over.
    due_at      bigint,
    claimed_by  text,
    created_at  bigint NOT NULL,
    UNIQUE (message_id, endpoint_id)
);

CREATE INDEX deliveries_due ON deliveries (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_by_partner ON deliveries (partner_id, number, endpoint_id);

CREATE TABLE delivery_attempts (
    delivery_id bigint NOT NULL,
    endpoint_id text    NOT NULL,
    started_at  bigint NOT NULL,
    result      text    NOT NULL,
    -- HTTP status, if there was an answer.
    status      bigint,
    latency_ms  bigint NOT NULL,
    -- The beginning of the answer's body, sealed.
    answer      bytea,
    PRIMARY KEY (delivery_id, started_at)
);

CREATE INDEX delivery_answers ON delivery_attempts (started_at) WHERE answer IS NOT NULL;
