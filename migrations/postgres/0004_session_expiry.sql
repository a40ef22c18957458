-- When a session that still collects evidence runs out of time, microseconds since 1970, UTC; NULL once submitted,
-- expired or decided, so that the worker's question stays cheap however many sessions there are.
ALTER TABLE partner_sessions ADD COLUMN expires_at bigint;

CREATE INDEX partner_sessions_due ON partner_sessions (expires_at) WHERE expires_at IS NOT NULL;
