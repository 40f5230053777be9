-- Messages that may only go as a template, or wait until their customer writes; and when each customer last wrote.
--
-- A CHECK can't be changed in place, so the outbox is made anew with all that was in it.

ALTER TABLE snapshots ADD COLUMN heard INTEGER NOT NULL DEFAULT 0;      -- the provider's time of the customer's last message

CREATE TABLE outbox_anew (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,    -- order of commit, and the cursor of Store.waiting
    key           TEXT NOT NULL UNIQUE,
    shop          TEXT NOT NULL,
    customer      TEXT NOT NULL,
    phone         TEXT NOT NULL,
    user_id       TEXT NOT NULL,
    message       TEXT NOT NULL,                        -- JSON
    purpose       TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    attempts      INTEGER NOT NULL DEFAULT 0,
    state         TEXT NOT NULL DEFAULT 'queued'
                  CHECK (state IN ('queued', 'sending', 'sent', 'failed', 'unknown', 'held', 'skipped')),
    provider_id   TEXT NOT NULL DEFAULT '',
    step          INTEGER NOT NULL DEFAULT 0,           -- storage/steps.py
    step_at       INTEGER NOT NULL DEFAULT 0,           -- the provider's time of it
    code          INTEGER NOT NULL DEFAULT 0,
    reason        TEXT NOT NULL DEFAULT '',
    doubled       INTEGER NOT NULL DEFAULT 0,           -- 1: sent again after an unknown outcome
    changed_at    INTEGER NOT NULL DEFAULT 0,
    unknown_since INTEGER,
    free_until    INTEGER NOT NULL DEFAULT 0,           -- until when free text may go, as far as the turn knew; 0: not known
    fallback      TEXT,                                 -- JSON of the template that stands in for it
    CHECK ((state = 'unknown') = (unknown_since IS NOT NULL))
) STRICT;

INSERT INTO outbox_anew (seq, key, shop, customer, phone, user_id, message, purpose, created_at, attempts, state,
    provider_id, step, step_at, code, reason, doubled, changed_at, unknown_since)
SELECT seq, key, shop, customer, phone, user_id, message, purpose, created_at, attempts, state,
    provider_id, step, step_at, code, reason, doubled, changed_at, unknown_since FROM outbox;

DROP TABLE outbox;
ALTER TABLE outbox_anew RENAME TO outbox;

CREATE INDEX outbox_queued ON outbox (seq) WHERE state = 'queued';
CREATE INDEX outbox_sending ON outbox (seq) WHERE state = 'sending';
CREATE INDEX outbox_unknown ON outbox (unknown_since, seq) WHERE state = 'unknown';
CREATE INDEX outbox_held ON outbox (shop, customer) WHERE state = 'held';
CREATE INDEX outbox_by_provider ON outbox (shop, provider_id) WHERE provider_id <> '';
