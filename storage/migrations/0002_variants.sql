-- Products that are one item in several variants: the item's name, and which one of it a product is.

ALTER TABLE products ADD COLUMN variant_of TEXT NOT NULL DEFAULT '';
ALTER TABLE products ADD COLUMN variant    TEXT NOT NULL DEFAULT '';
