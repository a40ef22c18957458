-- How partners look to the people whom they send here; derived from the log.
CREATE TABLE partner_branding (
    partner_id text PRIMARY KEY,
    name       text NOT NULL,
    -- `#rrggbb`.
    colour     text NOT NULL,
    -- A PNG of at most 48 KiB.
    logo       bytea
);
