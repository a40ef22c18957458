SELECT fingerprint, session_id, version, status FROM idempotency WHERE partner_id = ? AND route = ? AND key = ?
