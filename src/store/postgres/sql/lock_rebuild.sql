-- In the schema at hand, for several may share a database.
SELECT pg_try_advisory_xact_lock(hashtextextended(current_schema() || ' rebuild ' || $1, 0))
