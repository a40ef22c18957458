-- The events, as sqlite-es inserts them: it maps only a violation of the primary key (code 1555) to a lost race, so an
-- append must not be able to hit any other constraint. Columns from `recorded_at` on are ours; the insert leaves them out.
CREATE TABLE events (
    aggregate_type TEXT    NOT NULL,
    aggregate_id   TEXT    NOT NULL,
    sequence       INTEGER NOT NULL CHECK (sequence >= 0),
    event_type     TEXT    NOT NULL,
    event_version  TEXT    NOT NULL,
    payload        TEXT    NOT NULL,
    metadata       TEXT    NOT NULL,
    recorded_at    TEXT    NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    position       INTEGER CHECK (position > 0),
    leaf           BLOB    CHECK (length(leaf) = 32),
    PRIMARY KEY (aggregate_type, aggregate_id, sequence)
) STRICT;

-- Partial: an append carries no position, so it can never collide here.
CREATE UNIQUE INDEX events_by_position ON events (position) WHERE position IS NOT NULL;

-- What waits for a number, in rowid order: an index entry of equal keys sorts by rowid.
CREATE INDEX events_unnumbered ON events (position) WHERE position IS NULL;

CREATE TRIGGER events_are_never_deleted
BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are never deleted');
END;

-- The one change allowed: an event without a number gets its position and its leaf, once, together.
CREATE TRIGGER events_are_never_rewritten
BEFORE UPDATE ON events
WHEN NOT (
    OLD.position IS NULL AND OLD.leaf IS NULL
    AND NEW.position IS NOT NULL AND NEW.leaf IS NOT NULL
    AND NEW.aggregate_type IS OLD.aggregate_type
    AND NEW.aggregate_id IS OLD.aggregate_id
    AND NEW.sequence IS OLD.sequence
    AND NEW.event_type IS OLD.event_type
    AND NEW.event_version IS OLD.event_version
    AND NEW.payload IS OLD.payload
    AND NEW.metadata IS OLD.metadata
    AND NEW.recorded_at IS OLD.recorded_at
)
BEGIN
    SELECT RAISE(ABORT, 'events are never rewritten');
END;

-- Never fires on an append, which names neither column.
CREATE TRIGGER events_arrive_without_a_number
BEFORE INSERT ON events
WHEN NEW.position IS NOT NULL OR NEW.leaf IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'events are numbered by the pump only');
END;

-- sqlite-es names this table in its queries; no snapshots are taken.
CREATE TABLE snapshots (
    aggregate_type   TEXT    NOT NULL,
    aggregate_id     TEXT    NOT NULL,
    last_sequence    INTEGER NOT NULL CHECK (last_sequence >= 0),
    current_snapshot INTEGER NOT NULL CHECK (current_snapshot >= 0),
    payload          TEXT    NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id, last_sequence)
) STRICT;

-- One row: how far the log is numbered, and the hash tree over it (subtree roots of RFC 6962, largest first; root).
CREATE TABLE log_head (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    size     INTEGER NOT NULL CHECK (size >= 0),
    subtrees BLOB    NOT NULL,
    root     BLOB    NOT NULL CHECK (length(root) = 32)
) STRICT;

INSERT INTO log_head (id, size, subtrees, root)
VALUES (1, 0, x'', x'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');

CREATE TRIGGER log_head_is_never_deleted
BEFORE DELETE ON log_head
BEGIN
    SELECT RAISE(ABORT, 'the log head is never deleted');
END;

CREATE TRIGGER log_head_never_goes_back
BEFORE UPDATE ON log_head
WHEN NEW.size <= OLD.size
BEGIN
    SELECT RAISE(ABORT, 'the log only grows');
END;

-- Where each projection has read to.
CREATE TABLE checkpoints (
    projection TEXT    PRIMARY KEY,
    position   INTEGER NOT NULL CHECK (position >= 0)
) STRICT;

-- Streams that a projection could not digest: it leaves them out, the rest goes on.
CREATE TABLE parked_streams (
    projection     TEXT    NOT NULL,
    aggregate_type TEXT    NOT NULL,
    aggregate_id   TEXT    NOT NULL,
    position       INTEGER NOT NULL,
    error          TEXT    NOT NULL,
    parked_at      TEXT    NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    PRIMARY KEY (projection, aggregate_type, aggregate_id)
) STRICT;
