-- Where the short links of campaigns lead, and who has followed them.

CREATE TABLE short_links (
    number   INTEGER PRIMARY KEY AUTOINCREMENT,
    shop     TEXT NOT NULL,
    campaign TEXT NOT NULL,
    variant  TEXT NOT NULL,
    url      TEXT NOT NULL,
    UNIQUE (shop, campaign, variant, url)
) STRICT;

CREATE TABLE clicks (
    link     INTEGER NOT NULL REFERENCES short_links (number),
    customer TEXT NOT NULL,
    first_at INTEGER NOT NULL,
    last_at  INTEGER NOT NULL,
    times    INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (link, customer)
) STRICT, WITHOUT ROWID;
