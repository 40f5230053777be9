-- Notices go to the phones of the shop's own people, each once; those of before are not told anew.

ALTER TABLE owner_notices ADD COLUMN about TEXT NOT NULL DEFAULT '';    -- an order, booking, payment or sku
ALTER TABLE owner_notices ADD COLUMN told INTEGER NOT NULL DEFAULT 1 CHECK (told IN (0, 1));
CREATE INDEX owner_notices_untold ON owner_notices (seq) WHERE told = 0;
