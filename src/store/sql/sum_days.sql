SELECT created_at / 86400000000 AS day, status, count(*) AS sessions
FROM partner_sessions
WHERE created_at >= $1
GROUP BY 1, 2
ORDER BY 1, 2
