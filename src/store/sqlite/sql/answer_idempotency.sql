UPDATE idempotency SET version = ?, status = ? WHERE partner_id = ? AND route = ? AND key = ?
