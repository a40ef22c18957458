-- Which key database opens what is sealed here: noted at the first start, so that no other is taken for it.
CREATE TABLE key_database (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    fingerprint BLOB    NOT NULL CHECK (length(fingerprint) = 32)
) STRICT;
