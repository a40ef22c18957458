INSERT INTO checkpoints (projection, position) {values}
ON CONFLICT (projection) DO UPDATE SET position = excluded.position
