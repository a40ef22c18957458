-- What operators look through: sessions of all partners by their day, outcomes by theirs, the queue by its risk. The read models are
-- derived, so they are emptied here and the log is read again.

-- When the automatic outcome fell, microseconds since 1970, UTC, and the codes of what speaks against an approval, a JSON array.
ALTER TABLE partner_sessions ADD COLUMN completed_at bigint;
ALTER TABLE partner_sessions ADD COLUMN reasons text;

CREATE INDEX partner_sessions_all ON partner_sessions (created_at DESC, session_id DESC);
CREATE INDEX partner_sessions_all_by_status ON partner_sessions (status, created_at DESC, session_id DESC);
CREATE INDEX partner_sessions_completed ON partner_sessions (completed_at) WHERE completed_at IS NOT NULL;

-- 10000 for no risk, 0 for the highest: the riskiest come first in ascending order.
ALTER TABLE review_queue ADD COLUMN risk_rank bigint NOT NULL DEFAULT 10000;

CREATE INDEX review_queue_riskiest ON review_queue (risk_rank, waiting_since, session_id);
-- Counting reads this alone.
CREATE INDEX review_queue_counts ON review_queue (cause, risk_level, waiting_since);

DELETE FROM partner_sessions;
DELETE FROM review_queue;
DELETE FROM checkpoints WHERE projection IN ('partner_view', 'review_queue');
