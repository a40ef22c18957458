-- Which sealed file belongs to which session: derived from the log, for erasure and for sweeping orphans.
CREATE TABLE evidence (
    blob_id    TEXT PRIMARY KEY,
    session_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX evidence_by_session ON evidence (session_id);
