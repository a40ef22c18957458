-- Who of the house is signed in: state of its own, not derived from the log. Times are microseconds since 1970, UTC.
CREATE TABLE operator_sessions (
    -- SHA-256 of the token in the cookie.
    token       bytea   PRIMARY KEY,
    operator_id text   NOT NULL,
    created_at  bigint NOT NULL,
    seen_at     bigint NOT NULL
);

CREATE INDEX operator_sessions_by_operator ON operator_sessions (operator_id);
