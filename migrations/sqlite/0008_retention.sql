-- From when what is held about a person counts as no longer needed, and why: `relationship` or `unfinished`. Filled for
-- old sessions too: the read model is derived, so it is emptied here and the log is read again.
ALTER TABLE partner_sessions ADD COLUMN ended_at INTEGER;
ALTER TABLE partner_sessions ADD COLUMN ending TEXT;
-- 1 while an erasure is ordered and not carried out.
ALTER TABLE partner_sessions ADD COLUMN erasure_is_due INTEGER;

CREATE INDEX partner_sessions_ended ON partner_sessions (ending, ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX partner_sessions_to_erase ON partner_sessions (session_id) WHERE erasure_is_due = 1;

DELETE FROM partner_sessions;
DELETE FROM checkpoints WHERE projection = 'partner_view';
