SELECT name, max(last_at)
FROM sign_in_failures
WHERE last_at >= $1 AND failures >= CASE WHEN address = $2 THEN $3 ELSE $4 END
GROUP BY name
