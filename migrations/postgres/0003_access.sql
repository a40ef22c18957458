-- Partners and their API keys: state of its own, not derived from the log. Times are microseconds since 1970, UTC.
CREATE TABLE partners (
    id         text   PRIMARY KEY,
    name       text   NOT NULL UNIQUE,
    created_at bigint NOT NULL
);

CREATE TABLE api_keys (
    id           text   PRIMARY KEY,
    partner_id   text   NOT NULL REFERENCES partners (id),
    name         text   NOT NULL,
    -- SHA-256 of the key; the key itself is shown once and never stored.
    hash         bytea  NOT NULL UNIQUE CHECK (length(hash) = 32),
    scopes       text   NOT NULL,
    created_at   bigint NOT NULL,
    expires_at   bigint,
    revoked_at   bigint,
    last_used_at bigint
);

CREATE INDEX api_keys_by_partner ON api_keys (partner_id, created_at);
