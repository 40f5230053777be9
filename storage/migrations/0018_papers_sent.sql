-- Which messages carried an invoice, and that its public link was opened: how an invoice stands is found from these.

CREATE TABLE papers_sent (
    shop  TEXT NOT NULL,
    paper TEXT NOT NULL,            -- invoice:<order number>
    key   TEXT NOT NULL,            -- of the message in the outbox
    PRIMARY KEY (shop, paper, key)
) STRICT, WITHOUT ROWID;

INSERT INTO papers_sent (shop, paper, key)
SELECT shop, json_extract(message, '$.paper'), key FROM outbox
WHERE json_extract(message, '$.type') = 'Document' AND json_extract(message, '$.paper') LIKE 'invoice:%';

CREATE TABLE papers_opened (
    shop  TEXT NOT NULL,
    paper TEXT NOT NULL,
    at    INTEGER NOT NULL,         -- the first time
    PRIMARY KEY (shop, paper)
) STRICT, WITHOUT ROWID;
