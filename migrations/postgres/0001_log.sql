-- The events, as postgres-es inserts them. `json`, not `jsonb`: the leaf covers the stored text, and only `json` promises
-- to give back the same text for ever. (Parameters arrive as `jsonb`, so the text is PostgreSQL's spelling of the event.)
-- postgres-es takes every unique violation for a lost race, so nothing that an append can hit may be unique but the
-- primary key.
--
-- `rowid` is the order of arrival, as a SQLite table has it by itself. A later number may commit first, but never within
-- a stream: event k+1 is inserted after k was read as committed.
CREATE TABLE events (
    rowid          bigint GENERATED ALWAYS AS IDENTITY,
    aggregate_type text COLLATE "C" NOT NULL,
    aggregate_id   text COLLATE "C" NOT NULL,
    sequence       bigint NOT NULL CHECK (sequence >= 0),
    event_type     text   NOT NULL,
    event_version  text   NOT NULL,
    payload        json   NOT NULL,
    metadata       json   NOT NULL,
    recorded_at    text   NOT NULL
        DEFAULT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    position       bigint CHECK (position > 0),
    leaf           bytea CHECK (length(leaf) = 32),
    PRIMARY KEY (aggregate_type, aggregate_id, sequence)
);

-- Partial: an append carries no position, so it can never collide here.
CREATE UNIQUE INDEX events_by_position ON events (position) WHERE position IS NOT NULL;

-- What waits for a number, in order of arrival.
CREATE INDEX events_unnumbered ON events (rowid) WHERE position IS NULL;

CREATE FUNCTION refuse_change_of_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are never deleted or rewritten' USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER events_are_never_deleted
BEFORE DELETE ON events
FOR EACH ROW EXECUTE FUNCTION refuse_change_of_events();

CREATE TRIGGER events_are_never_truncated
BEFORE TRUNCATE ON events
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_events();

-- The one change allowed: an event without a number gets its position and its leaf, once, together.
CREATE TRIGGER events_are_never_rewritten
BEFORE UPDATE ON events
FOR EACH ROW
WHEN (NOT (
    OLD.position IS NULL AND OLD.leaf IS NULL
    AND NEW.position IS NOT NULL AND NEW.leaf IS NOT NULL
    AND NEW.rowid = OLD.rowid
    AND NEW.aggregate_type = OLD.aggregate_type
    AND NEW.aggregate_id = OLD.aggregate_id
    AND NEW.sequence = OLD.sequence
    AND NEW.event_type = OLD.event_type
    AND NEW.event_version = OLD.event_version
    AND NEW.payload::text = OLD.payload::text
    AND NEW.metadata::text = OLD.metadata::text
    AND NEW.recorded_at = OLD.recorded_at
))
EXECUTE FUNCTION refuse_change_of_events();

-- Never fires on an append, which names neither column.
CREATE FUNCTION refuse_forged_number() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are numbered by the pump only' USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER events_arrive_without_a_number
BEFORE INSERT ON events
FOR EACH ROW
WHEN (NEW.position IS NOT NULL OR NEW.leaf IS NOT NULL)
EXECUTE FUNCTION refuse_forged_number();

-- postgres-es names this table in its queries; no snapshots are taken.
CREATE TABLE snapshots (
    aggregate_type   text   NOT NULL,
    aggregate_id     text   NOT NULL,
    last_sequence    bigint NOT NULL CHECK (last_sequence >= 0),
    current_snapshot bigint NOT NULL CHECK (current_snapshot >= 0),
    payload          json   NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id, last_sequence)
);

-- One row: how far the log is numbered, and the hash tree over it (subtree roots of RFC 6962, largest first; root).
-- Whoever holds its lock is the pump.
CREATE TABLE log_head (
    id       integer PRIMARY KEY CHECK (id = 1),
    size     bigint  NOT NULL CHECK (size >= 0),
    subtrees bytea   NOT NULL,
    root     bytea   NOT NULL CHECK (length(root) = 32)
);

INSERT INTO log_head (id, size, subtrees, root)
VALUES (1, 0, ''::bytea, '\xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'::bytea);

CREATE FUNCTION refuse_change_of_head() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the log only grows' USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER log_head_is_never_deleted
BEFORE DELETE ON log_head
FOR EACH ROW EXECUTE FUNCTION refuse_change_of_head();

CREATE TRIGGER log_head_is_never_truncated
BEFORE TRUNCATE ON log_head
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_head();

CREATE TRIGGER log_head_never_goes_back
BEFORE UPDATE ON log_head
FOR EACH ROW
WHEN (NEW.size <= OLD.size)
EXECUTE FUNCTION refuse_change_of_head();

-- Where each projection has read to.
CREATE TABLE checkpoints (
    projection text   PRIMARY KEY,
    position   bigint NOT NULL CHECK (position >= 0)
);

-- Streams that a projection could not digest: it leaves them out, the rest goes on.
CREATE TABLE parked_streams (
    projection     text   NOT NULL,
    aggregate_type text   NOT NULL,
    aggregate_id   text   NOT NULL,
    position       bigint NOT NULL,
    error          text   NOT NULL,
    parked_at      text   NOT NULL
        DEFAULT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    PRIMARY KEY (projection, aggregate_type, aggregate_id)
);
