-- Money that goes back: how much of a payment, what its provider shall be asked for, and which refunds were told.
--
-- A CHECK can't be changed in place, so the table of payments is made anew with all that was in it.

CREATE TABLE payments_anew (
    seq            INTEGER PRIMARY KEY,
    shop           TEXT NOT NULL,
    id             TEXT NOT NULL,                   -- <provider>:<the provider's id>: recorded once
    provider       TEXT NOT NULL,
    amount         INTEGER NOT NULL,
    currency       TEXT NOT NULL,
    at             INTEGER NOT NULL,
    intent         TEXT NOT NULL,
    pays           TEXT NOT NULL,
    customer       TEXT NOT NULL,
    transact       TEXT NOT NULL,                   -- the provider's reference of the transaction
    payer          TEXT NOT NULL,
    reference      TEXT NOT NULL,
    state          TEXT NOT NULL
                   CHECK (state IN ('recorded', 'applied', 'desk', 'refunding', 'refunded', 'credited')),
    why            TEXT NOT NULL,
    who            TEXT NOT NULL,
    refunded       INTEGER NOT NULL DEFAULT 0 CHECK (refunded >= 0),    -- sent back, in all
    refunding      INTEGER NOT NULL DEFAULT 0 CHECK (refunding >= 0),   -- to be sent back by the provider now
    refunds        INTEGER NOT NULL DEFAULT 0,      -- requests to send back, counted
    back_to        TEXT NOT NULL DEFAULT '',        -- the state before it was refunding
    refund_ref     TEXT NOT NULL DEFAULT '',
    refund_problem TEXT NOT NULL DEFAULT '',
    refund_due     INTEGER NOT NULL DEFAULT 0,      -- when the provider is to be asked
    UNIQUE (shop, id)
) STRICT;

INSERT INTO payments_anew (seq, shop, id, provider, amount, currency, at, intent, pays, customer, transact, payer,
    reference, state, why, who, refunded)
SELECT seq, shop, id, provider, amount, currency, at, intent, pays, customer, transact, payer,
    reference, state, why, who, CASE state WHEN 'refunded' THEN max(amount, 0) ELSE 0 END FROM payments;

DROP TABLE payments;
ALTER TABLE payments_anew RENAME TO payments;

CREATE INDEX payments_by_age ON payments (shop, at);
CREATE INDEX payments_by_state ON payments (shop, state, at);
CREATE INDEX payments_by_purchase ON payments (shop, pays) WHERE pays <> '';
CREATE INDEX payments_to_refund ON payments (refund_due, seq) WHERE state = 'refunding' AND refunding > 0;

CREATE TRIGGER money_moves_as_allowed BEFORE UPDATE OF state ON payments
WHEN NOT EXISTS (SELECT 1 FROM allowed_moves WHERE what = 'money' AND flow = '' AND frm = OLD.state
                 AND dest = NEW.state)
BEGIN SELECT RAISE(ABORT, 'payment moved: there is no such move'); END;

CREATE TABLE refunds (              -- as providers told of them
    shop   TEXT NOT NULL,
    id     TEXT NOT NULL,           -- <provider>:<the provider's id>: each counts once
    pays   TEXT NOT NULL,           -- the payment's id
    amount INTEGER NOT NULL,
    ok     INTEGER NOT NULL CHECK (ok IN (0, 1)),
    at     INTEGER NOT NULL,
    PRIMARY KEY (shop, id)
) STRICT, WITHOUT ROWID;
