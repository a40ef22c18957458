SELECT (completed_at - created_at) / 60000000 AS minutes, count(*) AS sessions
FROM partner_sessions
WHERE completed_at >= $1
GROUP BY 1
ORDER BY 1
