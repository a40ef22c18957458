-- Cases that were put off, and cases that are kept for somebody. The queue is derived, so it is emptied here and the log is read again.

-- Until when a case was put off, microseconds since 1970, UTC, past or not; 0 where it was not.
ALTER TABLE review_queue ADD COLUMN snoozed_until INTEGER NOT NULL DEFAULT 0;
-- The operator; empty, so that equality finds it, where a case is kept for nobody.
ALTER TABLE review_queue ADD COLUMN assigned_to TEXT NOT NULL DEFAULT '';

CREATE INDEX review_queue_assigned_oldest ON review_queue (assigned_to, waiting_since, session_id);
CREATE INDEX review_queue_assigned_riskiest ON review_queue (assigned_to, risk_rank, waiting_since, session_id);
-- Few are put off: walking all that wait to find them would take long.
CREATE INDEX review_queue_snoozed_oldest ON review_queue (waiting_since, session_id) WHERE snoozed_until > 0;
CREATE INDEX review_queue_snoozed_riskiest ON review_queue (risk_rank, waiting_since, session_id) WHERE snoozed_until > 0;
-- Counting reads this alone. It takes the place of `review_queue_counts`, which a rebuild of the read model may have named otherwise.
DROP INDEX IF EXISTS review_queue_counts;
CREATE INDEX review_queue_sums ON review_queue (cause, risk_level, waiting_since, snoozed_until);

DELETE FROM review_queue;
DELETE FROM checkpoints WHERE projection = 'review_queue';
