-- Credit notes: what was sent back of an order that has an invoice, numbered without gaps per shop and year.

CREATE TABLE credit_notes (
    seq       INTEGER PRIMARY KEY,
    shop      TEXT NOT NULL,
    number    TEXT NOT NULL,
    invoiced  TEXT NOT NULL,        -- the order's number
    year      INTEGER NOT NULL,
    count     INTEGER NOT NULL,
    issued_at INTEGER NOT NULL,
    amount    INTEGER NOT NULL CHECK (amount > 0),
    UNIQUE (shop, number),
    UNIQUE (shop, year, count),
    FOREIGN KEY (shop, invoiced) REFERENCES invoices (shop, invoiced)
) STRICT;
CREATE INDEX credit_notes_by_order ON credit_notes (shop, invoiced);

CREATE TRIGGER credit_notes_have_no_gap BEFORE INSERT ON credit_notes
WHEN NEW.count <> 1 + coalesce((SELECT max(count) FROM credit_notes WHERE shop = NEW.shop AND year = NEW.year), 0)
BEGIN SELECT RAISE(ABORT, 'the next number of a credit note is one more than the last of its year'); END;

CREATE TRIGGER credit_notes_are_covered BEFORE INSERT ON credit_notes
WHEN NEW.amount + coalesce((SELECT sum(amount) FROM credit_notes
                            WHERE shop = NEW.shop AND invoiced = NEW.invoiced), 0)
   > coalesce((SELECT total FROM orders WHERE shop = NEW.shop AND number = NEW.invoiced), 0)
BEGIN SELECT RAISE(ABORT, 'no more can be credited than was invoiced'); END;

CREATE TRIGGER credit_notes_stay AFTER DELETE ON credit_notes
BEGIN SELECT RAISE(ABORT, 'a credit note that is issued stays'); END;

CREATE TRIGGER credit_notes_keep_their_number BEFORE UPDATE ON credit_notes
BEGIN SELECT RAISE(ABORT, 'a credit note that is issued stays as it is'); END;
