SELECT coalesce((SELECT position FROM checkpoints WHERE projection = $1), 0),
       (SELECT size FROM log_head),
       (SELECT count(*) FROM parked_streams WHERE projection = $1)
