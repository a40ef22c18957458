-- Who of the house is signed in: state of its own, not derived from the log. Times are microseconds since 1970, UTC.
CREATE TABLE operator_sessions (
    -- SHA-256 of the token in the cookie.
    token       BLOB   PRIMARY KEY,
    operator_id TEXT   NOT NULL,
    created_at  INTEGER NOT NULL,
    seen_at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX operator_sessions_by_operator ON operator_sessions (operator_id);
