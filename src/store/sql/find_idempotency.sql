SELECT fingerprint, session_id, version, status FROM idempotency WHERE partner_id = $1 AND route = $2 AND key = $3
