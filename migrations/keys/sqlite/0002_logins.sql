-- Who an operator is, and the password: personal data and a secret, so neither is in the log. Times are microseconds
-- since 1970, UTC.
CREATE TABLE logins (
    operator_id   TEXT    PRIMARY KEY,
    -- Keyed hash of the login name, to find it by.
    login_index   BLOB    NOT NULL UNIQUE,
    -- The login name, sealed.
    login         BLOB    NOT NULL,
    -- argon2id in the PHC string format.
    password_hash TEXT    NOT NULL,
    changed_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
