-- What partners read of a session; derived from the log. Times are microseconds since 1970, UTC.
CREATE TABLE partner_sessions (
    session_id TEXT    PRIMARY KEY,
    partner_id TEXT    NOT NULL,
    version    INTEGER NOT NULL CHECK (version > 0),
    status     TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    body       TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX partner_sessions_newest ON partner_sessions (partner_id, created_at DESC, session_id DESC);
CREATE INDEX partner_sessions_by_status ON partner_sessions (partner_id, status, created_at DESC, session_id DESC);
