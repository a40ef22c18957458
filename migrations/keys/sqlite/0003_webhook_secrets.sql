-- What signs a partner's webhooks, sealed under the master key. Times are microseconds since 1970, UTC.
CREATE TABLE webhook_secrets (
    partner_id  TEXT    NOT NULL,
    -- 0 for the one that was made because something had to be signed.
    created_at  INTEGER NOT NULL,
    secret      BLOB    NOT NULL,
    -- NULL for the latest.
    valid_until INTEGER,
    PRIMARY KEY (partner_id, created_at)
) STRICT, WITHOUT ROWID;
