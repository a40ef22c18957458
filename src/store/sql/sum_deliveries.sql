SELECT state, count(*) AS deliveries
FROM deliveries
WHERE created_at >= $1
GROUP BY state
ORDER BY state
