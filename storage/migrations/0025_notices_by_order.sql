-- An order's notice is found by the order.

CREATE INDEX owner_notices_about ON owner_notices (shop, about) WHERE about <> '';
