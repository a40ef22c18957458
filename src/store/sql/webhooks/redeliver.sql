UPDATE deliveries
SET state = 'due', attempts = 0, due_at = $4, claimed_by = NULL
WHERE partner_id = $1 AND number >= $2 AND number <= $3 AND due_at IS NULL
