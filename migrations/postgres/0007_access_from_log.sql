-- Partners and their keys derive from the log from here on. What an older version wrote waits under another name until
-- the next start appends it to the log.
ALTER TABLE api_keys RENAME TO adoptable_keys;
ALTER TABLE partners RENAME TO adoptable_partners;

-- Derived from the log. Times are microseconds since 1970, UTC.
CREATE TABLE partners (
    id                  text    PRIMARY KEY,
    name                text    NOT NULL,
    requests_per_minute bigint,
    suspended_at        bigint,
    created_at          bigint NOT NULL
);

CREATE INDEX partners_by_name ON partners (name);

CREATE TABLE api_keys (
    id                  text    PRIMARY KEY,
    partner_id          text    NOT NULL,
    name                text    NOT NULL,
    -- SHA-256 of the key; the key itself is shown once and never stored.
    hash                bytea   NOT NULL CHECK (length(hash) = 32),
    scopes              text    NOT NULL,
    requests_per_minute bigint,
    created_at          bigint NOT NULL,
    expires_at          bigint,
    revoked_at          bigint
);

CREATE INDEX api_keys_by_hash ON api_keys (hash);

-- State of its own: about when a key was used last.
CREATE TABLE key_uses (
    key_id       text    PRIMARY KEY,
    last_used_at bigint NOT NULL
);

INSERT INTO key_uses (key_id, last_used_at)
SELECT id, last_used_at FROM adoptable_keys WHERE last_used_at IS NOT NULL;

-- Derived from the log: an operator's role and whether the person is let in. Who that is lies in the key database.
CREATE TABLE operators (
    id          text    PRIMARY KEY,
    role        text    NOT NULL,
    disabled_at bigint,
    created_at  bigint NOT NULL
);
