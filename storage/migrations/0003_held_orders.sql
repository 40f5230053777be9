-- Orders that are held until they are paid, taxes and discounts; moves of anything by a table of them per flow.
--
-- The rules of the first migration hold on: whatever is contended for is decided here, in the transaction that wants it.

-- ---- customers and orders ------------------------------------------------------------------------------------------

ALTER TABLE customers ADD COLUMN price_list  TEXT    NOT NULL DEFAULT '';
ALTER TABLE customers ADD COLUMN credit_days INTEGER NOT NULL DEFAULT 0;
ALTER TABLE customers ADD COLUMN region      TEXT    NOT NULL DEFAULT '';
CREATE INDEX customers_by_shop ON customers (shop);     -- and so by rowid: the latest made first

ALTER TABLE orders ADD COLUMN flow          TEXT    NOT NULL DEFAULT '';
ALTER TABLE orders ADD COLUMN tax           INTEGER NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN tax_included  INTEGER NOT NULL DEFAULT 1 CHECK (tax_included IN (0, 1));
ALTER TABLE orders ADD COLUMN delivery      INTEGER NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN discount      INTEGER NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN discount_code TEXT    NOT NULL DEFAULT '';
ALTER TABLE orders ADD COLUMN rounding      INTEGER NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN held          INTEGER NOT NULL DEFAULT 0 CHECK (held IN (0, 1));    -- 1: not taken yet
ALTER TABLE orders ADD COLUMN due_at        INTEGER NOT NULL DEFAULT 0;
CREATE INDEX orders_by_status ON orders (shop, status, placed_at, payment, total);     -- pages, and sums without rows

ALTER TABLE order_lines ADD COLUMN unit     TEXT    NOT NULL DEFAULT '';
ALTER TABLE order_lines ADD COLUMN tax      INTEGER NOT NULL DEFAULT 0;
ALTER TABLE order_lines ADD COLUMN tax_rate TEXT    NOT NULL DEFAULT '';

-- ---- moves of anything that has a table of them --------------------------------------------------------------------

DROP TRIGGER move_is_allowed;
DROP TRIGGER status_moves_as_allowed;
DROP TRIGGER move_is_made;
DROP TRIGGER cancelled_gives_back;
DROP TABLE allowed_moves;

CREATE TABLE allowed_moves (
    what TEXT NOT NULL,             -- order, payment (an order's), intent, money (a payment's state), booking
    flow TEXT NOT NULL,             -- orders only: whose table this is; '' is everybody's who has none of their own
    frm  TEXT NOT NULL,
    dest TEXT NOT NULL,
    PRIMARY KEY (what, flow, frm, dest)
) STRICT, WITHOUT ROWID;

ALTER TABLE order_moves ADD COLUMN what TEXT NOT NULL DEFAULT 'order' CHECK (what IN ('order', 'payment'));

CREATE TRIGGER move_begins_where_it_stands BEFORE INSERT ON order_moves
WHEN NEW.frm IS NOT (SELECT CASE NEW.what WHEN 'order' THEN status ELSE payment END
                     FROM orders WHERE shop = NEW.shop AND number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'order moved: it does not stand where this move begins'); END;

CREATE TRIGGER status_moves_as_allowed BEFORE UPDATE OF status ON orders
WHEN NOT EXISTS (
    SELECT 1 FROM allowed_moves WHERE what = 'order' AND frm = OLD.status AND dest = NEW.status
       AND flow = coalesce((SELECT flow FROM allowed_moves WHERE what = 'order' AND flow = OLD.flow LIMIT 1), ''))
BEGIN SELECT RAISE(ABORT, 'order moved: there is no such move'); END;

CREATE TRIGGER payment_moves_as_allowed BEFORE UPDATE OF payment ON orders
WHEN NOT EXISTS (SELECT 1 FROM allowed_moves WHERE what = 'payment' AND flow = '' AND frm = OLD.payment
                 AND dest = NEW.payment)
BEGIN SELECT RAISE(ABORT, 'order moved: there is no such move of its payment'); END;

CREATE TRIGGER order_move_is_made AFTER INSERT ON order_moves
WHEN NEW.what = 'order'
BEGIN UPDATE orders SET status = NEW.dest WHERE shop = NEW.shop AND number = NEW.number; END;

CREATE TRIGGER payment_move_is_made AFTER INSERT ON order_moves
WHEN NEW.what = 'payment'
BEGIN UPDATE orders SET payment = NEW.dest WHERE shop = NEW.shop AND number = NEW.number; END;

-- Only what was taken: the stock of an order that is held still lies in its holds.
CREATE TRIGGER cancelled_gives_back AFTER INSERT ON order_moves
WHEN NEW.what = 'order' AND NEW.dest = 'cancelled'
 AND (SELECT held FROM orders WHERE shop = NEW.shop AND number = NEW.number) = 0
BEGIN
    UPDATE products SET on_hand = on_hand + (
        SELECT sum(quantity) FROM order_lines
        WHERE shop = NEW.shop AND number = NEW.number AND sku = products.sku AND tracked)
    WHERE shop = NEW.shop
      AND sku IN (SELECT sku FROM order_lines WHERE shop = NEW.shop AND number = NEW.number AND tracked);
END;

-- ---- orders whose stock is held until they are paid ----------------------------------------------------------------

DROP TRIGGER line_needs_stock;
DROP TRIGGER line_takes_stock;

CREATE TRIGGER line_needs_stock BEFORE INSERT ON order_lines
WHEN NEW.tracked
 AND NOT (SELECT held FROM orders WHERE shop = NEW.shop AND number = NEW.number)
 AND coalesce((SELECT on_hand FROM products WHERE shop = NEW.shop AND sku = NEW.sku), 0)
   - coalesce((SELECT sum(h.quantity) FROM holds h, orders o
               WHERE o.shop = NEW.shop AND o.number = NEW.number AND h.shop = NEW.shop AND h.sku = NEW.sku
                 AND h.expires_at > o.taken_at AND h.customer <> o.customer), 0) < NEW.quantity
BEGIN SELECT RAISE(ABORT, 'sold out: an order asks for more than is free'); END;

CREATE TRIGGER line_takes_stock AFTER INSERT ON order_lines
WHEN NEW.tracked
 AND NOT (SELECT held FROM orders WHERE shop = NEW.shop AND number = NEW.number)
BEGIN UPDATE products SET on_hand = on_hand - NEW.quantity WHERE shop = NEW.shop AND sku = NEW.sku; END;

CREATE TRIGGER taking_needs_stock BEFORE UPDATE OF held ON orders
WHEN OLD.held AND NOT NEW.held AND EXISTS (
    SELECT 1 FROM order_lines l WHERE l.shop = NEW.shop AND l.number = NEW.number AND l.tracked
    GROUP BY l.sku
    HAVING sum(l.quantity) > coalesce((SELECT on_hand FROM products WHERE shop = NEW.shop AND sku = l.sku), 0)
        - coalesce((SELECT sum(h.quantity) FROM holds h WHERE h.shop = NEW.shop AND h.sku = l.sku
                    AND h.expires_at > NEW.taken_at AND h.customer <> NEW.customer), 0))
BEGIN SELECT RAISE(ABORT, 'sold out: an order that was held asks for more than is free'); END;

CREATE TRIGGER nothing_is_taken_for_a_cancelled_order BEFORE UPDATE OF held ON orders
WHEN NEW.status = 'cancelled' OR NEW.held > OLD.held
BEGIN SELECT RAISE(ABORT, 'order moved: its stock can not be taken, or held again'); END;

CREATE TRIGGER taking_takes AFTER UPDATE OF held ON orders
WHEN OLD.held AND NOT NEW.held
BEGIN
    UPDATE products SET on_hand = on_hand - (
        SELECT sum(quantity) FROM order_lines
        WHERE shop = NEW.shop AND number = NEW.number AND sku = products.sku AND tracked)
    WHERE shop = NEW.shop
      AND sku IN (SELECT sku FROM order_lines WHERE shop = NEW.shop AND number = NEW.number AND tracked);
    DELETE FROM holds WHERE shop = NEW.shop AND customer = NEW.customer
      AND id IN (SELECT number || ':' || sku FROM order_lines
                 WHERE shop = NEW.shop AND number = NEW.number AND tracked);
END;
