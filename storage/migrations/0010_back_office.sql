-- What the shop's CRM may know of and has heard of, and when stock was last taken over from it.

ALTER TABLE crm_queue ADD COLUMN tried INTEGER NOT NULL DEFAULT 0 CHECK (tried IN (0, 1));   -- it may know of it

-- Of what it may know, it shall hear that it is cancelled; of what it can't know, nothing any more.
CREATE TRIGGER crm_hears_of_cancellations AFTER INSERT ON order_moves
WHEN NEW.what = 'order' AND NEW.dest = 'cancelled'
BEGIN UPDATE crm_queue SET heard = 1 - tried WHERE shop = NEW.shop AND number = NEW.number; END;

CREATE TABLE stocktakes (           -- the last one of each shop
    shop TEXT PRIMARY KEY,
    at   INTEGER NOT NULL,
    mark TEXT NOT NULL              -- names what it was taken from, "" where that can't be told
) STRICT;
