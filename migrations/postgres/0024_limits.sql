-- The latest link of a session is found at once, however long its stream: what asks for it may hold no link at all.
CREATE INDEX events_links ON events (aggregate_id, sequence) WHERE event_type = 'LinkIssued';

-- Passwords that were tried, each counted before it is compared: state of its own, not derived from the log, and one for all nodes.
-- Times are microseconds since 1970, UTC.
CREATE TABLE sign_in_failures (
    -- Keyed hash of the name.
    name     bytea   NOT NULL,
    -- Keyed hash of the address that they came from; zeros for all addresses together.
    address  bytea   NOT NULL,
    -- In a row, wrong or not compared yet.
    failures bigint  NOT NULL,
    last_at  bigint  NOT NULL,
    -- When the name's own password came from the address last.
    known_at bigint ,
    PRIMARY KEY (name, address)
);

CREATE INDEX sign_in_failures_oldest ON sign_in_failures (last_at);
