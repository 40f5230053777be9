-- Events, bookings, the waiting list and the door.

CREATE TABLE programmes (           -- which file of events each shop has
    shop   TEXT PRIMARY KEY,
    digest TEXT NOT NULL
) STRICT;

CREATE TABLE events (
    shop         TEXT NOT NULL,
    id           TEXT NOT NULL,
    title        TEXT NOT NULL,
    city         TEXT NOT NULL,
    venue        TEXT NOT NULL,
    starts_at    INTEGER NOT NULL,
    timezone     TEXT NOT NULL,
    capacity     INTEGER NOT NULL CHECK (capacity >= 0),
    price        INTEGER NOT NULL,
    category     TEXT NOT NULL,
    description  TEXT NOT NULL,
    image        TEXT NOT NULL,
    cancel_hours INTEGER NOT NULL,
    status       TEXT NOT NULL CHECK (status IN ('active', 'cancelled')),
    PRIMARY KEY (shop, id)
) STRICT;

CREATE TRIGGER a_sold_event_stays BEFORE DELETE ON events
WHEN EXISTS (SELECT 1 FROM bookings WHERE shop = OLD.shop AND event = OLD.id)
BEGIN SELECT RAISE(ABORT, 'an event that was ever booked can only be cancelled'); END;

CREATE TABLE bookings (
    shop          TEXT NOT NULL,
    id            TEXT NOT NULL,
    customer      TEXT NOT NULL,
    event         TEXT NOT NULL,
    title         TEXT NOT NULL,
    starts_at     INTEGER NOT NULL,
    seats         INTEGER NOT NULL CHECK (seats > 0),
    price         INTEGER NOT NULL,
    currency      TEXT NOT NULL,
    status        TEXT NOT NULL CHECK (status IN ('held', 'confirmed', 'checked_in', 'cancelled', 'expired')),
    payment       TEXT NOT NULL,
    held_at       INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL, -- a hold counts while expires_at > now; no job is needed for that to be right
    name          TEXT NOT NULL,
    phone         TEXT NOT NULL,
    extended      INTEGER NOT NULL CHECK (extended IN (0, 1)),
    entry         TEXT NOT NULL,
    checked_in_at INTEGER NOT NULL,
    at            INTEGER NOT NULL, -- of the commit that wrote it last
    PRIMARY KEY (shop, id)
) STRICT;
CREATE INDEX bookings_by_event ON bookings (shop, event, status, expires_at, seats);
CREATE INDEX bookings_by_customer ON bookings (shop, customer, held_at);
CREATE INDEX bookings_by_age ON bookings (shop, held_at);
CREATE INDEX bookings_by_status ON bookings (shop, status, held_at, payment, seats, price);
CREATE INDEX bookings_held ON bookings (expires_at) WHERE status = 'held';

-- Capacity, minus what is booked, minus holds that are not over at the moment of the commit. An event that is cancelled
-- or unknown has none.
CREATE TRIGGER booking_needs_seats BEFORE INSERT ON bookings
WHEN (NEW.status IN ('confirmed', 'checked_in') OR NEW.status = 'held' AND NEW.expires_at > NEW.at)
 AND coalesce((SELECT capacity FROM events WHERE shop = NEW.shop AND id = NEW.event AND status = 'active'), 0)
   - coalesce((SELECT sum(seats) FROM bookings WHERE shop = NEW.shop AND event = NEW.event
               AND status IN ('confirmed', 'checked_in')), 0)
   - coalesce((SELECT sum(seats) FROM bookings WHERE shop = NEW.shop AND event = NEW.event
               AND status = 'held' AND expires_at > NEW.at), 0) < NEW.seats
BEGIN SELECT RAISE(ABORT, 'sold out: a booking asks for more seats than are free'); END;

-- A hold that was over is confirmed or prolonged: it needs its seats anew.
CREATE TRIGGER late_booking_needs_seats BEFORE UPDATE ON bookings
WHEN OLD.status = 'held' AND OLD.expires_at <= NEW.at
 AND (NEW.status IN ('confirmed', 'checked_in') OR NEW.status = 'held' AND NEW.expires_at > NEW.at)
 AND coalesce((SELECT capacity FROM events WHERE shop = NEW.shop AND id = NEW.event AND status = 'active'), 0)
   - coalesce((SELECT sum(seats) FROM bookings WHERE shop = NEW.shop AND event = NEW.event
               AND status IN ('confirmed', 'checked_in')), 0)
   - coalesce((SELECT sum(seats) FROM bookings WHERE shop = NEW.shop AND event = NEW.event
               AND status = 'held' AND expires_at > NEW.at), 0) < NEW.seats
BEGIN SELECT RAISE(ABORT, 'sold out: a hold was over and others have its seats'); END;

CREATE TRIGGER booking_keeps_its_seats BEFORE UPDATE OF shop, id, customer, event, seats ON bookings
BEGIN SELECT RAISE(ABORT, 'a booking keeps what was sold'); END;

CREATE TRIGGER booking_moves_as_allowed BEFORE UPDATE OF status ON bookings
WHEN NEW.status <> OLD.status
 AND NOT EXISTS (SELECT 1 FROM allowed_moves WHERE what = 'booking' AND flow = '' AND frm = OLD.status
                 AND dest = NEW.status)
BEGIN SELECT RAISE(ABORT, 'booking moved: there is no such move'); END;

CREATE TABLE booking_moves (        -- the history; inserting here is the only way to change a booking
    seq        INTEGER PRIMARY KEY,
    shop       TEXT NOT NULL,
    booking    TEXT NOT NULL,
    frm        TEXT NOT NULL,
    dest       TEXT NOT NULL,
    who        TEXT NOT NULL,
    at         INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,    -- 0, NULL and 0: as it is
    name       TEXT,
    payment    TEXT,
    extended   INTEGER NOT NULL,
    FOREIGN KEY (shop, booking) REFERENCES bookings (shop, id)
) STRICT;
CREATE INDEX moves_by_booking ON booking_moves (shop, booking);

CREATE TRIGGER booking_move_begins_where_it_stands BEFORE INSERT ON booking_moves
WHEN NEW.frm IS NOT (SELECT status FROM bookings WHERE shop = NEW.shop AND id = NEW.booking)
BEGIN SELECT RAISE(ABORT, 'booking moved: it does not stand where this move begins'); END;

CREATE TRIGGER booking_move_is_made AFTER INSERT ON booking_moves
BEGIN
    UPDATE bookings SET
        status = NEW.dest,
        expires_at = CASE NEW.expires_at WHEN 0 THEN expires_at ELSE NEW.expires_at END,
        extended = max(extended, NEW.extended),
        name = coalesce(NEW.name, name),
        payment = coalesce(NEW.payment, payment),
        checked_in_at = CASE WHEN checked_in_at = 0 AND NEW.dest = 'checked_in' THEN NEW.at ELSE checked_in_at END,
        at = NEW.at
    WHERE shop = NEW.shop AND id = NEW.booking;
END;

CREATE TABLE entries (              -- the waiting list
    shop      TEXT NOT NULL,
    id        TEXT NOT NULL,
    customer  TEXT NOT NULL,
    event     TEXT NOT NULL,
    seats     INTEGER NOT NULL CHECK (seats > 0),
    joined_at INTEGER NOT NULL,
    phone     TEXT NOT NULL,
    currency  TEXT NOT NULL,
    status    TEXT NOT NULL CHECK (status IN ('waiting', 'offered', 'taken', 'lapsed', 'left')),
    booking   TEXT NOT NULL,
    PRIMARY KEY (shop, id)
) STRICT;
CREATE UNIQUE INDEX one_live_entry ON entries (shop, customer, event) WHERE status IN ('waiting', 'offered');
CREATE INDEX entries_waiting ON entries (shop, event) WHERE status = 'waiting';
CREATE INDEX entries_by_customer ON entries (shop, customer) WHERE status IN ('waiting', 'offered');

CREATE TRIGGER second_entry_says_how_many BEFORE INSERT ON entries
WHEN NEW.status IN ('waiting', 'offered')
 AND EXISTS (SELECT 1 FROM entries WHERE shop = NEW.shop AND customer = NEW.customer AND event = NEW.event
             AND status IN ('waiting', 'offered') AND id <> NEW.id)
BEGIN
    UPDATE entries SET seats = NEW.seats WHERE shop = NEW.shop AND customer = NEW.customer AND event = NEW.event
        AND status IN ('waiting', 'offered');
    SELECT RAISE(IGNORE);
END;

CREATE TRIGGER confirmed_takes_its_offer AFTER UPDATE OF status ON bookings
WHEN NEW.entry <> '' AND NEW.status = 'confirmed' AND OLD.status <> 'confirmed'
BEGIN
    UPDATE entries SET status = 'taken'
    WHERE shop = NEW.shop AND id = NEW.entry AND status IN ('waiting', 'offered');
END;

CREATE TRIGGER an_offer_ends_with_its_booking AFTER UPDATE OF status ON bookings
WHEN NEW.entry <> '' AND NEW.status IN ('cancelled', 'expired') AND OLD.status <> NEW.status
BEGIN UPDATE entries SET status = 'lapsed' WHERE shop = NEW.shop AND id = NEW.entry AND status = 'offered'; END;

CREATE TABLE scans (                -- what the door said first, for the same scan told again
    shop    TEXT NOT NULL,
    booking TEXT NOT NULL,
    scan    TEXT NOT NULL,
    result  TEXT NOT NULL,
    since   INTEGER NOT NULL,
    why     TEXT NOT NULL,
    name    TEXT NOT NULL,
    seats   INTEGER NOT NULL,
    PRIMARY KEY (shop, booking, scan)
) STRICT, WITHOUT ROWID;
