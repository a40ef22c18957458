-- Unanswered and nobody's: the next request with the key takes it, with its session.
UPDATE idempotency SET worker = '' WHERE partner_id = $1 AND route = $2 AND key = $3 AND status IS NULL
