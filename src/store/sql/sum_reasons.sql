SELECT reasons, count(*) AS sessions
FROM partner_sessions
WHERE completed_at >= $1 AND reasons <> '[]'
GROUP BY reasons
ORDER BY 2 DESC, 1
