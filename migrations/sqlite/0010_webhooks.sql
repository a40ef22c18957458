-- Derived from the log: where partners are told about their sessions. Times are microseconds since 1970, UTC.
CREATE TABLE webhook_endpoints (
    id                    TEXT    PRIMARY KEY,
    partner_id            TEXT    NOT NULL,
    -- The address, sealed.
    url                   TEXT    NOT NULL,
    -- Names of events between spaces.
    events                TEXT    NOT NULL,
    with_external_user_id INTEGER NOT NULL,
    disabled_at           INTEGER,
    disabled_by           TEXT,
    created_at            INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX webhook_endpoints_by_partner ON webhook_endpoints (partner_id);

-- State of its own from here on: a rebuild of what derives from the log sends nothing.

-- One row: up to where messages were given out. What happened before there were webhooks is not told now.
CREATE TABLE webhook_dispatch (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    position INTEGER NOT NULL
) STRICT;

INSERT INTO webhook_dispatch (id, position) SELECT 1, size FROM log_head;

-- Which message is owed to which endpoint.
CREATE TABLE deliveries (
    id          INTEGER PRIMARY KEY,
    message_id  TEXT    NOT NULL,
    -- `session` for the session's own address.
    endpoint_id TEXT    NOT NULL,
    partner_id  TEXT    NOT NULL,
    number      INTEGER NOT NULL,
    -- What shares a limit of deliveries at a time: an endpoint, or the partner for its sessions' addresses.
    lane        TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    attempts    INTEGER NOT NULL,
    -- When it is to be tried; while somebody tries it, when that counts as failed. NULL once it is over.
    due_at      INTEGER,
    claimed_by  TEXT,
    created_at  INTEGER NOT NULL,
    UNIQUE (message_id, endpoint_id)
) STRICT;

CREATE INDEX deliveries_due ON deliveries (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_by_partner ON deliveries (partner_id, number, endpoint_id);

CREATE TABLE delivery_attempts (
    delivery_id INTEGER NOT NULL,
    endpoint_id TEXT    NOT NULL,
    started_at  INTEGER NOT NULL,
    result      TEXT    NOT NULL,
    -- HTTP status, if there was an answer.
    status      INTEGER,
    latency_ms  INTEGER NOT NULL,
    -- The beginning of the answer's body, sealed.
    answer      BLOB,
    PRIMARY KEY (delivery_id, started_at)
) STRICT, WITHOUT ROWID;

CREATE INDEX delivery_answers ON delivery_attempts (started_at) WHERE answer IS NOT NULL;
