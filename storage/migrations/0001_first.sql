-- The first shape of a store. One file is one migration and runs in one transaction; user_version counts them.
--
-- Whatever customers contend for is decided here, in the transaction that wants it: UNIQUE keys for what may happen
-- once, triggers for what needs a look at other rows (a CHECK can't). RAISE texts say why to a person who reads a log;
-- the program asks the tables instead (storage/judge.py), so no text is ever parsed.

-- ---- turns -------------------------------------------------------------------------------------------------------

CREATE TABLE inbound (              -- which letters are done; kept longer than any provider redelivers
    shop TEXT NOT NULL,
    id   TEXT NOT NULL,
    at   INTEGER NOT NULL,          -- ms, as every moment here
    PRIMARY KEY (shop, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX inbound_by_age ON inbound (at);

CREATE TABLE snapshots (
    shop     TEXT NOT NULL,
    customer TEXT NOT NULL,
    version  INTEGER NOT NULL,
    data     BLOB NOT NULL,
    PRIMARY KEY (shop, customer)
) STRICT;

CREATE TRIGGER snapshot_begins BEFORE INSERT ON snapshots
WHEN NEW.version <> 1 AND NOT EXISTS (SELECT 1 FROM snapshots WHERE shop = NEW.shop AND customer = NEW.customer)
BEGIN SELECT RAISE(ABORT, 'stale: the first version of a snapshot is 1'); END;

CREATE TRIGGER snapshot_goes_on BEFORE UPDATE ON snapshots
WHEN NEW.version <> OLD.version + 1
BEGIN SELECT RAISE(ABORT, 'stale: another turn was committed first'); END;

CREATE TABLE links (
    shop     TEXT NOT NULL,
    kind     TEXT NOT NULL,
    value    TEXT NOT NULL,
    customer TEXT NOT NULL,
    PRIMARY KEY (shop, kind, value)
) STRICT, WITHOUT ROWID;

CREATE TABLE customers (
    shop      TEXT NOT NULL,
    id        TEXT NOT NULL,
    name      TEXT NOT NULL,
    phone     TEXT NOT NULL,
    email     TEXT NOT NULL,
    address   TEXT NOT NULL,
    language  TEXT NOT NULL,
    marketing INTEGER NOT NULL CHECK (marketing IN (0, 1)),
    active    INTEGER NOT NULL CHECK (active IN (0, 1)),
    PRIMARY KEY (shop, id)
) STRICT;

CREATE TABLE timers (
    shop     TEXT NOT NULL,
    customer TEXT NOT NULL,
    kind     TEXT NOT NULL,
    due      INTEGER NOT NULL,
    turn     INTEGER NOT NULL,
    PRIMARY KEY (shop, customer, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX timers_by_due ON timers (due);

-- ---- catalogue and stock -----------------------------------------------------------------------------------------

CREATE TABLE catalogues (           -- which catalogue file each shop has: the same one is not imported again
    shop   TEXT PRIMARY KEY,
    digest TEXT NOT NULL
) STRICT;

CREATE TABLE products (
    shop         TEXT NOT NULL,
    sku          TEXT NOT NULL,
    position     INTEGER NOT NULL,
    name         TEXT NOT NULL,
    price        INTEGER NOT NULL,  -- minor units
    description  TEXT NOT NULL,
    on_hand      INTEGER NOT NULL CHECK (track_stock = 0 OR on_hand >= 0),
    category     TEXT NOT NULL,
    aliases      TEXT NOT NULL,     -- JSON list
    unit         TEXT NOT NULL,
    pack         TEXT NOT NULL,
    min_quantity INTEGER NOT NULL,
    tax_rate     TEXT NOT NULL,
    image        TEXT NOT NULL,
    active       INTEGER NOT NULL CHECK (active IN (0, 1)),
    track_stock  INTEGER NOT NULL CHECK (track_stock IN (0, 1)),
    PRIMARY KEY (shop, sku)
) STRICT;

CREATE TABLE holds (
    shop       TEXT NOT NULL,
    id         TEXT NOT NULL,
    customer   TEXT NOT NULL,
    sku        TEXT NOT NULL,
    quantity   INTEGER NOT NULL CHECK (quantity > 0),
    expires_at INTEGER NOT NULL,    -- a hold counts while expires_at > now; no job is needed for that to be right
    taken_at   INTEGER NOT NULL,
    PRIMARY KEY (shop, id)
) STRICT;
CREATE INDEX holds_by_sku ON holds (shop, sku);
CREATE INDEX holds_by_expiry ON holds (expires_at);

-- On hand, minus what others hold, minus what this customer holds besides: a promise must be one that can be kept.
CREATE TRIGGER hold_needs_stock BEFORE INSERT ON holds
WHEN coalesce((SELECT track_stock FROM products WHERE shop = NEW.shop AND sku = NEW.sku), 1)
 AND coalesce((SELECT on_hand FROM products WHERE shop = NEW.shop AND sku = NEW.sku), 0)
   - coalesce((SELECT sum(quantity) FROM holds
               WHERE shop = NEW.shop AND sku = NEW.sku AND expires_at > NEW.taken_at AND id <> NEW.id), 0) < NEW.quantity
BEGIN SELECT RAISE(ABORT, 'sold out: a hold asks for more than is free'); END;

-- ---- orders ------------------------------------------------------------------------------------------------------

CREATE TABLE orders (
    shop         TEXT NOT NULL,
    number       TEXT NOT NULL,
    customer     TEXT NOT NULL,
    cart         TEXT NOT NULL,
    total        INTEGER NOT NULL,
    currency     TEXT NOT NULL,
    status       TEXT NOT NULL,
    payment      TEXT NOT NULL,
    kind         TEXT NOT NULL,
    source       TEXT NOT NULL,
    placed_at    INTEGER NOT NULL,
    name         TEXT NOT NULL,
    phone        TEXT NOT NULL,
    address      TEXT NOT NULL,
    instructions TEXT NOT NULL,
    cashier      TEXT NOT NULL,
    store        TEXT NOT NULL,
    taken_at     INTEGER NOT NULL,  -- when its commit took the stock
    PRIMARY KEY (shop, number)
) STRICT;
CREATE UNIQUE INDEX one_order_per_cart ON orders (shop, cart) WHERE cart <> '';
CREATE INDEX orders_by_customer ON orders (shop, customer, placed_at);
CREATE INDEX orders_by_age ON orders (shop, placed_at);

CREATE TABLE order_lines (
    shop       TEXT NOT NULL,
    number     TEXT NOT NULL,
    position   INTEGER NOT NULL,
    sku        TEXT NOT NULL,
    name       TEXT NOT NULL,
    quantity   INTEGER NOT NULL CHECK (quantity > 0),
    unit_price INTEGER NOT NULL,
    tracked    INTEGER NOT NULL CHECK (tracked IN (0, 1)),
    note       TEXT NOT NULL,
    PRIMARY KEY (shop, number, position),
    FOREIGN KEY (shop, number) REFERENCES orders (shop, number)
) STRICT, WITHOUT ROWID;

-- The next line of the same sku sees what this one took, so the lines of one sku are summed.
CREATE TRIGGER line_needs_stock BEFORE INSERT ON order_lines
WHEN NEW.tracked
 AND coalesce((SELECT on_hand FROM products WHERE shop = NEW.shop AND sku = NEW.sku), 0)
   - coalesce((SELECT sum(h.quantity) FROM holds h, orders o
               WHERE o.shop = NEW.shop AND o.number = NEW.number AND h.shop = NEW.shop AND h.sku = NEW.sku
                 AND h.expires_at > o.taken_at AND h.customer <> o.customer), 0) < NEW.quantity
BEGIN SELECT RAISE(ABORT, 'sold out: an order asks for more than is free'); END;

CREATE TRIGGER line_takes_stock AFTER INSERT ON order_lines
WHEN NEW.tracked
BEGIN UPDATE products SET on_hand = on_hand - NEW.quantity WHERE shop = NEW.shop AND sku = NEW.sku; END;

CREATE TABLE allowed_moves (        -- engine.orders.MOVES, written anew at every start
    frm  TEXT NOT NULL,
    dest TEXT NOT NULL,
    PRIMARY KEY (frm, dest)
) STRICT, WITHOUT ROWID;

CREATE TABLE order_moves (          -- the history; inserting here is the only way to move an order
    id     INTEGER PRIMARY KEY,
    shop   TEXT NOT NULL,
    number TEXT NOT NULL,
    frm    TEXT NOT NULL,
    dest   TEXT NOT NULL,
    who    TEXT NOT NULL,
    at     INTEGER NOT NULL,
    FOREIGN KEY (shop, number) REFERENCES orders (shop, number)
) STRICT;
CREATE INDEX moves_by_order ON order_moves (shop, number);

CREATE TRIGGER move_is_allowed BEFORE INSERT ON order_moves
WHEN NEW.frm IS NOT (SELECT status FROM orders WHERE shop = NEW.shop AND number = NEW.number)
  OR NOT EXISTS (SELECT 1 FROM allowed_moves WHERE frm = NEW.frm AND dest = NEW.dest)
BEGIN SELECT RAISE(ABORT, 'order moved: it does not stand where this move begins'); END;

CREATE TRIGGER status_moves_as_allowed BEFORE UPDATE OF status ON orders
WHEN NOT EXISTS (SELECT 1 FROM allowed_moves WHERE frm = OLD.status AND dest = NEW.status)
BEGIN SELECT RAISE(ABORT, 'order moved: there is no such move'); END;

CREATE TRIGGER move_is_made AFTER INSERT ON order_moves
BEGIN UPDATE orders SET status = NEW.dest WHERE shop = NEW.shop AND number = NEW.number; END;

CREATE TRIGGER cancelled_gives_back AFTER INSERT ON order_moves
WHEN NEW.dest = 'cancelled'
BEGIN
    UPDATE products SET on_hand = on_hand + (
        SELECT sum(quantity) FROM order_lines
        WHERE shop = NEW.shop AND number = NEW.number AND sku = products.sku AND tracked)
    WHERE shop = NEW.shop
      AND sku IN (SELECT sku FROM order_lines WHERE shop = NEW.shop AND number = NEW.number AND tracked);
END;

-- ---- outbox ------------------------------------------------------------------------------------------------------

CREATE TABLE outbox (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,    -- order of commit, and the cursor of Store.waiting
    key           TEXT NOT NULL UNIQUE,
    shop          TEXT NOT NULL,
    customer      TEXT NOT NULL,
    phone         TEXT NOT NULL,
    user_id       TEXT NOT NULL,
    message       TEXT NOT NULL,                        -- JSON
    purpose       TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    attempts      INTEGER NOT NULL DEFAULT 0,
    state         TEXT NOT NULL DEFAULT 'queued'
                  CHECK (state IN ('queued', 'sending', 'sent', 'failed', 'unknown')),
    provider_id   TEXT NOT NULL DEFAULT '',
    step          INTEGER NOT NULL DEFAULT 0,           -- storage/steps.py
    step_at       INTEGER NOT NULL DEFAULT 0,           -- the provider's time of it
    code          INTEGER NOT NULL DEFAULT 0,
    reason        TEXT NOT NULL DEFAULT '',
    doubled       INTEGER NOT NULL DEFAULT 0,           -- 1: sent again after an unknown outcome
    changed_at    INTEGER NOT NULL DEFAULT 0,
    unknown_since INTEGER,
    CHECK ((state = 'unknown') = (unknown_since IS NOT NULL))
) STRICT;
CREATE INDEX outbox_queued ON outbox (seq) WHERE state = 'queued';
CREATE INDEX outbox_sending ON outbox (seq) WHERE state = 'sending';
CREATE INDEX outbox_unknown ON outbox (unknown_since, seq) WHERE state = 'unknown';
CREATE INDEX outbox_by_provider ON outbox (shop, provider_id) WHERE provider_id <> '';

CREATE TABLE early_statuses (       -- statuses that overtook our own bookkeeping, several of one message merged
    shop        TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    step        INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    noted       INTEGER NOT NULL,   -- 1: one of them said failed
    code        INTEGER NOT NULL,
    reason      TEXT NOT NULL,
    parked_at   INTEGER NOT NULL,
    PRIMARY KEY (shop, provider_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX early_by_age ON early_statuses (parked_at);

-- ---- letters that wait -------------------------------------------------------------------------------------------

CREATE TABLE parked (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    shop     TEXT NOT NULL,
    customer TEXT NOT NULL,
    dead     INTEGER NOT NULL CHECK (dead IN (0, 1)),
    why      TEXT NOT NULL,
    at       INTEGER NOT NULL,
    letter   BLOB NOT NULL
) STRICT;
CREATE INDEX parked_by_address ON parked (shop, customer, dead);
CREATE INDEX parked_by_end ON parked (dead);

CREATE TABLE quarantined (
    shop     TEXT NOT NULL,
    customer TEXT NOT NULL,
    why      TEXT NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (shop, customer)
) STRICT, WITHOUT ROWID;

-- ---- upkeep ------------------------------------------------------------------------------------------------------

CREATE TABLE heartbeat (            -- one row, written by Store.check to prove that the disk takes writes
    id INTEGER PRIMARY KEY CHECK (id = 1),
    at INTEGER NOT NULL
) STRICT;
