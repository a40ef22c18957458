INSERT INTO delivery_attempts (delivery_id, endpoint_id, started_at, result, status, latency_ms, answer)
{values}
ON CONFLICT (delivery_id, started_at) DO NOTHING
