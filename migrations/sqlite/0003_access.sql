-- Partners and their API keys: state of its own, not derived from the log. Times are microseconds since 1970, UTC.
CREATE TABLE partners (
    id         TEXT    PRIMARY KEY,
    name       TEXT    NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE api_keys (
    id           TEXT    PRIMARY KEY,
    partner_id   TEXT    NOT NULL REFERENCES partners (id),
    name         TEXT    NOT NULL,
    -- SHA-256 of the key; the key itself is shown once and never stored.
    hash         BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
    scopes       TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    revoked_at   INTEGER,
    last_used_at INTEGER
) STRICT;

CREATE INDEX api_keys_by_partner ON api_keys (partner_id, created_at);
