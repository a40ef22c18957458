-- Unanswered and nobody's: the next request with the key takes it, with its session.
UPDATE idempotency SET worker = '' WHERE partner_id = ? AND route = ? AND key = ? AND status IS NULL
