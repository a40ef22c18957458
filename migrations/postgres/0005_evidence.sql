-- Which sealed file belongs to which session: derived from the log, for erasure and for sweeping orphans.
CREATE TABLE evidence (
    blob_id    text PRIMARY KEY,
    session_id text NOT NULL
);

CREATE INDEX evidence_by_session ON evidence (session_id);
