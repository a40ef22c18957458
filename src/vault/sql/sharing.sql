SELECT DISTINCT other.session_id
FROM blind_indexes AS own
JOIN blind_indexes AS other
    ON other.partner_id = own.partner_id
    AND other.purpose = own.purpose
    AND other.index_value = own.index_value
WHERE own.session_id = $1 AND own.purpose = $2 AND other.session_id <> own.session_id
LIMIT $3
