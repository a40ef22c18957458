-- Whoever waits for a reviewer is matched against list changes, too, and by what a reviewer entered; cases know who cleared a match.
-- Both tables are derived, so they are emptied here and the log is read again.

-- What a reviewer entered beside the document, sealed.
ALTER TABLE monitored_subjects ADD COLUMN entered TEXT;

-- Operators who cleared a match that no approval has confirmed yet, separated by blanks.
ALTER TABLE review_queue ADD COLUMN cleared_by TEXT NOT NULL DEFAULT '';

DELETE FROM monitored_subjects;
DELETE FROM review_queue;
DELETE FROM checkpoints WHERE projection IN ('monitoring', 'review_queue');
