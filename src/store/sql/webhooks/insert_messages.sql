INSERT INTO webhook_messages
    (partner_id, number, id, position, session_id, kind, status, risk_level, risk_score, is_final,
     to_session_url, at)
{values}
