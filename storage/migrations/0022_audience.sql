-- What campaigns ask of customers: the owner's own words for them, and how many campaign messages each had lately.

CREATE TABLE customer_tags (
    shop     TEXT NOT NULL,
    customer TEXT NOT NULL,
    tag      TEXT NOT NULL,
    PRIMARY KEY (shop, customer, tag)
) STRICT, WITHOUT ROWID;
CREATE INDEX tags_by_name ON customer_tags (shop, tag);

CREATE INDEX outbox_bulk ON outbox (shop, customer, created_at) WHERE purpose = 'bulk';
