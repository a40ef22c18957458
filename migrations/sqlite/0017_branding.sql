-- How partners look to the people whom they send here; derived from the log.
CREATE TABLE partner_branding (
    partner_id TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    -- `#rrggbb`.
    colour     TEXT NOT NULL,
    -- A PNG of at most 48 KiB.
    logo       BLOB
) STRICT;
