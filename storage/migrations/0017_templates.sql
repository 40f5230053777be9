-- What the provider says of each message template, as it was last heard.

CREATE TABLE templates (
    shop     TEXT NOT NULL,
    name     TEXT NOT NULL,
    language TEXT NOT NULL,
    status   TEXT NOT NULL,         -- the provider's words, in lower case; '': not told
    quality  TEXT NOT NULL,
    reason   TEXT NOT NULL,
    at       INTEGER NOT NULL,      -- when the list was asked for, or one change was told
    PRIMARY KEY (shop, name, language)
) STRICT, WITHOUT ROWID;
