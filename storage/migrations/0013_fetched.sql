-- Until when messages that no webhook brought were asked for.

CREATE TABLE fetched (
    shop  TEXT PRIMARY KEY,
    until INTEGER NOT NULL
) STRICT;
