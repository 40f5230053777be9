-- Money that is asked for and money that came, and letters of our own.

-- ---- money ---------------------------------------------------------------------------------------------------------

CREATE TABLE intents (
    seq          INTEGER PRIMARY KEY,
    id           TEXT NOT NULL UNIQUE,
    shop         TEXT NOT NULL,
    customer     TEXT NOT NULL,
    pays         TEXT NOT NULL,                     -- the order number or booking id
    way          TEXT NOT NULL CHECK (way IN ('mpesa', 'card', 'bank', 'cash')),
    amount       INTEGER NOT NULL,                  -- minor units, as every amount here
    currency     TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    phone        TEXT NOT NULL,
    reference    TEXT NOT NULL,
    status       TEXT NOT NULL CHECK (status IN ('created', 'asking', 'pending', 'paid', 'failed', 'cancelled')),
    provider     TEXT NOT NULL,
    provider_ref TEXT NOT NULL,
    link         TEXT NOT NULL,
    reason       TEXT NOT NULL,
    touched_at   INTEGER NOT NULL                   -- when it moved last, or was asked about
) STRICT;
CREATE INDEX intents_created ON intents (created_at, seq) WHERE status = 'created';
CREATE INDEX intents_asking ON intents (seq) WHERE status = 'asking';
CREATE INDEX intents_silent ON intents (touched_at, seq)
    WHERE way NOT IN ('bank', 'cash') AND (status = 'pending' OR status = 'cancelled' AND provider <> '');
CREATE INDEX intents_by_purchase ON intents (shop, pays);
CREATE INDEX intents_by_reference ON intents (shop, reference) WHERE reference <> '';
CREATE INDEX intents_by_provider ON intents (shop, provider, provider_ref) WHERE provider_ref <> '';

CREATE TRIGGER intent_moves_as_allowed BEFORE UPDATE OF status ON intents
WHEN NEW.status <> OLD.status
 AND NOT EXISTS (SELECT 1 FROM allowed_moves WHERE what = 'intent' AND flow = '' AND frm = OLD.status
                 AND dest = NEW.status)
BEGIN SELECT RAISE(ABORT, 'intent: there is no such move'); END;

CREATE TABLE payments (
    seq         INTEGER PRIMARY KEY,
    shop        TEXT NOT NULL,
    id          TEXT NOT NULL,                      -- <provider>:<the provider's id>: recorded once
    provider    TEXT NOT NULL,
    amount      INTEGER NOT NULL,
    currency    TEXT NOT NULL,
    at          INTEGER NOT NULL,
    intent      TEXT NOT NULL,
    pays        TEXT NOT NULL,
    customer    TEXT NOT NULL,
    transact    TEXT NOT NULL,                      -- the provider's reference of the transaction
    payer       TEXT NOT NULL,
    reference   TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('recorded', 'applied', 'desk', 'refunded', 'credited')),
    why         TEXT NOT NULL,
    who         TEXT NOT NULL,
    UNIQUE (shop, id)
) STRICT;
CREATE INDEX payments_by_age ON payments (shop, at);
CREATE INDEX payments_by_state ON payments (shop, state, at);
CREATE INDEX payments_by_purchase ON payments (shop, pays) WHERE pays <> '';

CREATE TRIGGER money_moves_as_allowed BEFORE UPDATE OF state ON payments
WHEN NOT EXISTS (SELECT 1 FROM allowed_moves WHERE what = 'money' AND flow = '' AND frm = OLD.state
                 AND dest = NEW.state)
BEGIN SELECT RAISE(ABORT, 'payment moved: there is no such move'); END;

CREATE TABLE failures (             -- news of failed payments that were told; successes are in payments
    shop TEXT NOT NULL,
    id   TEXT NOT NULL,
    at   INTEGER NOT NULL,
    PRIMARY KEY (shop, id)
) STRICT, WITHOUT ROWID;

-- ---- letters of our own --------------------------------------------------------------------------------------------

CREATE TABLE posted (
    seq    INTEGER PRIMARY KEY,
    shop   TEXT NOT NULL,
    id     TEXT NOT NULL,           -- of its inbound
    due    INTEGER NOT NULL,
    letter BLOB NOT NULL,           -- JSON
    UNIQUE (shop, id)
) STRICT;
CREATE INDEX posted_by_due ON posted (due, seq);

CREATE TRIGGER what_is_done_is_not_posted BEFORE INSERT ON posted
WHEN EXISTS (SELECT 1 FROM inbound WHERE shop = NEW.shop AND id = NEW.id)
BEGIN SELECT RAISE(IGNORE); END;

CREATE TRIGGER what_is_done_is_posted_no_more AFTER INSERT ON inbound
BEGIN DELETE FROM posted WHERE shop = NEW.shop AND id = NEW.id; END;
