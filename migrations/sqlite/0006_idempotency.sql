-- What was asked under an Idempotency-Key: state of its own, not derived from the log; kept for a day. Written before the
-- work begins, so that a retry after a crash finds the session it was given. Key and request are kept as keyed hashes.
CREATE TABLE idempotency (
    partner_id  TEXT    NOT NULL,
    route       TEXT    NOT NULL,
    key         BLOB    NOT NULL CHECK (length(key) = 32),
    fingerprint BLOB    NOT NULL CHECK (length(fingerprint) = 32),
    session_id  TEXT    NOT NULL,
    -- The opening of the store that works on it; another one than the asker's own has crashed.
    worker      TEXT    NOT NULL,
    -- Version of the session that the answer shows, and its HTTP status; NULL until answered.
    version     INTEGER,
    status      INTEGER,
    -- Microseconds since 1970, UTC: when the key was first used, and when somebody last began to work on it.
    created_at  INTEGER NOT NULL,
    taken_at    INTEGER NOT NULL,
    PRIMARY KEY (partner_id, route, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_by_age ON idempotency (created_at);
