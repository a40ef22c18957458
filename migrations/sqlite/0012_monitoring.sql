-- Derived from the log: whose approval a change of a sanctions list can put in doubt.
CREATE TABLE monitored_subjects (
    session_id TEXT PRIMARY KEY,
    -- idle, approved or alerted
    state      TEXT NOT NULL,
    -- Who the person is, sealed.
    identity   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX monitored_subjects_by_state ON monitored_subjects (state, session_id);
