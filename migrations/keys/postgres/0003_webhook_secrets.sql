-- What signs a partner's webhooks, sealed under the master key. Times are microseconds since 1970, UTC.
CREATE TABLE webhook_secrets (
    partner_id  text    NOT NULL,
    -- 0 for the one that was made because something had to be signed.
    created_at  bigint NOT NULL,
    secret      bytea    NOT NULL,
    -- NULL for the latest.
    valid_until bigint,
    PRIMARY KEY (partner_id, created_at)
);
