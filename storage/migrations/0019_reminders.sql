-- What became of each reminder: a row per step, written by the turn that decided it.

CREATE TABLE reminders (
    shop       TEXT NOT NULL,
    id         TEXT NOT NULL,           -- the kind of its timer
    customer   TEXT NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('scheduled', 'sent', 'cancelled', 'skipped')),
    due        INTEGER NOT NULL,
    reason     TEXT NOT NULL,
    message    TEXT NOT NULL,           -- the outbox key of what was said
    text       TEXT NOT NULL,           -- the owner's words, where the owner wrote it
    at         INTEGER NOT NULL,        -- since when it stands so
    created_at INTEGER NOT NULL,
    ended_at   INTEGER CHECK ((ended_at IS NULL) = (state = 'scheduled')),
    PRIMARY KEY (shop, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX reminders_by_due ON reminders (shop, due);
CREATE INDEX reminders_by_state ON reminders (shop, state, due);
CREATE INDEX reminders_by_customer ON reminders (shop, customer);
CREATE INDEX reminders_by_message ON reminders (message) WHERE message <> '';
CREATE INDEX reminders_ended ON reminders (ended_at) WHERE ended_at IS NOT NULL;
