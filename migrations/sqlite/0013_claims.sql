-- Who has a case of the review queue, and until when in microseconds since 1970, UTC.
ALTER TABLE review_queue ADD COLUMN claimed_by TEXT;
ALTER TABLE review_queue ADD COLUMN claimed_until INTEGER;
