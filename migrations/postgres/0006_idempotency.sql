-- What was asked under an Idempotency-Key: state of its own, not derived from the log; kept for a day. Written before the
-- work begins, so that a retry after a crash finds the session it was given. Key and request are kept as keyed hashes.
CREATE TABLE idempotency (
    partner_id  text   NOT NULL,
    route       text   NOT NULL,
    key         bytea  NOT NULL CHECK (length(key) = 32),
    fingerprint bytea  NOT NULL CHECK (length(fingerprint) = 32),
    session_id  text   NOT NULL,
    -- One name for all nodes while somebody works on it; empty when it was given back.
    worker      text   NOT NULL,
    -- Version of the session that the answer shows, and its HTTP status; NULL until answered.
    version     bigint,
    status      bigint,
    -- Microseconds since 1970, UTC: when the key was first used, and when somebody last began to work on it.
    created_at  bigint NOT NULL,
    taken_at    bigint NOT NULL,
    PRIMARY KEY (partner_id, route, key)
);

CREATE INDEX idempotency_by_age ON idempotency (created_at);
