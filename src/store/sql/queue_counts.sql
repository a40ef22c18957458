SELECT cause, risk_level, count(*) AS waiting, count(CASE WHEN waiting_since < $1 THEN 1 END) AS overdue,
       count(CASE WHEN snoozed_until > $2 THEN 1 END) AS snoozed, min(waiting_since) AS oldest
FROM review_queue
GROUP BY cause, risk_level
ORDER BY cause, risk_level
