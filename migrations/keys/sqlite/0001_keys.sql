-- The key database: never part of a dump of the event database. Times are microseconds since 1970, UTC.

-- One random key per session and class, wrapped under the master key. Its row is deleted to erase the class.
CREATE TABLE data_keys (
    session_id TEXT NOT NULL,
    class      TEXT NOT NULL,
    wrapped    BLOB NOT NULL,
    PRIMARY KEY (session_id, class)
) STRICT, WITHOUT ROWID;

-- So that a repeated opening never makes a new key for an erased class.
CREATE TABLE erased_classes (
    session_id TEXT    NOT NULL,
    class      TEXT    NOT NULL,
    erased_at  INTEGER NOT NULL,
    PRIMARY KEY (session_id, class)
) STRICT, WITHOUT ROWID;

-- Keyed hashes of what a partner searches by.
CREATE TABLE blind_indexes (
    partner_id  TEXT    NOT NULL,
    purpose     TEXT    NOT NULL,
    index_value BLOB    NOT NULL,
    session_id  TEXT    NOT NULL,
    class       TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (partner_id, purpose, index_value, session_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX blind_indexes_by_session ON blind_indexes (session_id, class);

-- One known value, sealed: tells a wrong master key at start rather than at the first use.
CREATE TABLE master_key_check (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    sealed BLOB NOT NULL
) STRICT;
