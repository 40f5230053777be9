-- Two customers who are found to be one: whose an address is that is no more, and what finds all that one customer has.

CREATE TABLE forwards (
    shop     TEXT NOT NULL,
    customer TEXT NOT NULL,
    leads_to TEXT NOT NULL,         -- never somebody who forwards, too
    at       INTEGER NOT NULL,
    PRIMARY KEY (shop, customer)
) STRICT, WITHOUT ROWID;
CREATE INDEX forwards_by_end ON forwards (shop, leads_to);

CREATE INDEX links_by_customer ON links (shop, customer);
CREATE INDEX intents_by_customer ON intents (shop, customer);

-- Only a first turn is looked at: who forwards has no snapshot, so every later one is refused as it is.
CREATE TRIGGER who_forwards_begins_no_more BEFORE INSERT ON snapshots
WHEN NEW.version = 1 AND EXISTS (SELECT 1 FROM forwards WHERE shop = NEW.shop AND customer = NEW.customer)
BEGIN SELECT RAISE(ABORT, 'forwarded: this address is another customer''s now'); END;

DROP TRIGGER booking_keeps_its_seats;

CREATE TRIGGER booking_keeps_its_seats BEFORE UPDATE OF shop, id, event, seats ON bookings
BEGIN SELECT RAISE(ABORT, 'a booking keeps what was sold'); END;

CREATE TRIGGER booking_goes_only_where_its_customer_went BEFORE UPDATE OF customer ON bookings
WHEN NOT EXISTS (SELECT 1 FROM forwards WHERE shop = OLD.shop AND customer = OLD.customer AND leads_to = NEW.customer)
BEGIN SELECT RAISE(ABORT, 'a booking stays its customer''s'); END;
