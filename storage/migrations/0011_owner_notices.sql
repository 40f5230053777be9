-- What the owner should know and do something about, and the first answers to requests that may be sent again.

CREATE TABLE owner_notices (
    seq     INTEGER PRIMARY KEY,
    shop    TEXT NOT NULL,
    kind    TEXT NOT NULL,
    detail  TEXT NOT NULL,          -- a plain sentence with the next step
    at      INTEGER NOT NULL,       -- when it was told first
    last_at INTEGER NOT NULL,
    count   INTEGER NOT NULL DEFAULT 1 CHECK (count >= 1)
) STRICT;
CREATE INDEX owner_notices_by_shop ON owner_notices (shop);
CREATE INDEX owner_notices_alike ON owner_notices (shop, kind, detail, at);
CREATE INDEX owner_notices_by_age ON owner_notices (last_at);

CREATE TABLE api_requests (         -- by their Idempotency-Key
    shop         TEXT NOT NULL,
    key          TEXT NOT NULL,
    digest       TEXT NOT NULL,     -- of the request
    at           INTEGER NOT NULL,
    status       INTEGER NOT NULL,  -- 0: in progress
    content_type TEXT NOT NULL,
    body         BLOB NOT NULL,
    PRIMARY KEY (shop, key)
) STRICT;
CREATE INDEX api_requests_by_age ON api_requests (at);
