-- The log of who did what from which phone of the shop's own.

CREATE TABLE deeds (
    seq    INTEGER PRIMARY KEY,
    shop   TEXT NOT NULL,
    at     INTEGER NOT NULL,
    phone  TEXT NOT NULL,       -- digits
    role   TEXT NOT NULL,       -- engine.crew.Role
    verb   TEXT NOT NULL,       -- engine.commands.Verb
    about  TEXT NOT NULL,       -- an order's number, a sku, or a customer's phone
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX deeds_by_shop ON deeds (shop);     -- and so by seq: the latest first
CREATE INDEX deeds_by_age ON deeds (at);
