-- What unsigned calls tell is kept on its intent until the provider was asked; what people type finds its intent; and
-- a receipt settles one payment.

ALTER TABLE intents ADD COLUMN told TEXT NOT NULL DEFAULT '';      -- JSON: the news, and when they came

DROP INDEX intents_silent;
CREATE INDEX intents_silent ON intents (touched_at, seq)
    WHERE way NOT IN ('bank', 'cash') AND (status = 'pending' OR status = 'cancelled' AND provider <> '' OR told <> '');
CREATE INDEX intents_by_typed_reference ON intents (shop, replace(replace(upper(reference), ' ', ''), '-', ''))
    WHERE reference <> '';
CREATE INDEX intents_by_typed_purchase ON intents (shop, replace(replace(upper(pays), ' ', ''), '-', ''));

CREATE UNIQUE INDEX payments_by_receipt ON payments (shop, provider, transact)
    WHERE provider = 'mpesa' AND transact <> '';
