-- Invoices, what the shop's CRM shall hear of, and the store's own keys.

CREATE TABLE invoices (
    seq       INTEGER PRIMARY KEY,
    shop      TEXT NOT NULL,
    number    TEXT NOT NULL,
    invoiced  TEXT NOT NULL,        -- the order's number
    year      INTEGER NOT NULL,
    count     INTEGER NOT NULL,
    issued_at INTEGER NOT NULL,
    due_at    INTEGER NOT NULL,
    UNIQUE (shop, number),
    UNIQUE (shop, year, count),
    UNIQUE (shop, invoiced),
    FOREIGN KEY (shop, invoiced) REFERENCES orders (shop, number)
) STRICT;
CREATE INDEX invoices_by_shop ON invoices (shop);

CREATE TRIGGER invoices_have_no_gap BEFORE INSERT ON invoices
WHEN NEW.count <> 1 + coalesce((SELECT max(count) FROM invoices WHERE shop = NEW.shop AND year = NEW.year), 0)
BEGIN SELECT RAISE(ABORT, 'the next number of an invoice is one more than the last of its year'); END;

CREATE TRIGGER invoices_stay AFTER DELETE ON invoices
BEGIN SELECT RAISE(ABORT, 'an invoice that is issued stays'); END;

CREATE TRIGGER invoices_keep_their_number BEFORE UPDATE ON invoices
BEGIN SELECT RAISE(ABORT, 'an invoice that is issued stays as it is'); END;

CREATE TABLE crm_queue (            -- orders that the shop's CRM shall hear of
    seq    INTEGER PRIMARY KEY,
    shop   TEXT NOT NULL,
    number TEXT NOT NULL,
    heard  INTEGER NOT NULL DEFAULT 0 CHECK (heard IN (0, 1)),
    UNIQUE (shop, number),
    FOREIGN KEY (shop, number) REFERENCES orders (shop, number)
) STRICT;
CREATE INDEX crm_waiting ON crm_queue (shop, seq) WHERE heard = 0;

CREATE TABLE keys (                 -- what tickets and the names of papers are signed with
    name TEXT PRIMARY KEY,
    key  BLOB NOT NULL CHECK (length(key) = 32)
) STRICT;
