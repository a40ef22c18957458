-- Whether a projection has read every event there is and left no stream out.
SELECT NOT EXISTS (SELECT 1 FROM events WHERE position IS NULL)
   AND NOT EXISTS (SELECT 1 FROM parked_streams WHERE projection = $1)
   AND (SELECT size FROM log_head) = coalesce((SELECT position FROM checkpoints WHERE projection = $1), 0)
