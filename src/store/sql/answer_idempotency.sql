UPDATE idempotency SET version = $1, status = $2 WHERE partner_id = $3 AND route = $4 AND key = $5
