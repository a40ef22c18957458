-- What partners read of a session; derived from the log. Times are microseconds since 1970, UTC.
CREATE TABLE partner_sessions (
    session_id text   COLLATE "C" PRIMARY KEY,
    partner_id text   NOT NULL,
    version    bigint NOT NULL CHECK (version > 0),
    status     text   NOT NULL,
    created_at bigint NOT NULL,
    body       text   NOT NULL
);

CREATE INDEX partner_sessions_newest ON partner_sessions (partner_id, created_at DESC, session_id DESC);
CREATE INDEX partner_sessions_by_status ON partner_sessions (partner_id, status, created_at DESC, session_id DESC);
