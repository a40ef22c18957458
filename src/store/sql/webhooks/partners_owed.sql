-- The partners to whom something is due: from one to the next by the index, however much is due to each.
WITH RECURSIVE owed (partner_id) AS (
    SELECT min(partner_id) FROM deliveries WHERE due_at IS NOT NULL
    UNION ALL
    SELECT (SELECT min(partner_id) FROM deliveries WHERE due_at IS NOT NULL AND partner_id > owed.partner_id)
    FROM owed
    WHERE owed.partner_id IS NOT NULL
)
SELECT partner_id
FROM owed
WHERE partner_id IS NOT NULL
  AND EXISTS (SELECT 1 FROM deliveries WHERE deliveries.partner_id = owed.partner_id AND due_at <= $1)
