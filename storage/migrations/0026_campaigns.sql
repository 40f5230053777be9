-- Campaigns, and whom each of them is for (engine/campaigns.py).

CREATE TABLE campaigns (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    shop       TEXT NOT NULL,
    id         TEXT NOT NULL,
    plan       TEXT NOT NULL,           -- JSON
    status     TEXT NOT NULL DEFAULT 'draft' CHECK (status IN
               ('draft', 'scheduled', 'starting', 'running', 'paused', 'completed', 'cancelled')),
    version    INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL,
    moved_at   INTEGER NOT NULL,
    started_at INTEGER NOT NULL DEFAULT 0,
    why        TEXT NOT NULL DEFAULT '',
    cursor     TEXT NOT NULL DEFAULT '',    -- behind whom freezing goes on
    excluded   TEXT NOT NULL DEFAULT '{}',  -- JSON: reason → how many
    UNIQUE (shop, id)
) STRICT;
CREATE INDEX campaigns_live ON campaigns (seq) WHERE status IN ('scheduled', 'starting', 'running');

CREATE TABLE recipients (               -- one line per recipient; how a claimed one stands says its row of the outbox
    seq        INTEGER PRIMARY KEY,
    campaign   INTEGER NOT NULL REFERENCES campaigns (seq),
    shop       TEXT NOT NULL,
    customer   TEXT NOT NULL,
    phone      TEXT NOT NULL,
    user_id    TEXT NOT NULL,
    variant    TEXT NOT NULL,
    message    TEXT NOT NULL,           -- JSON
    fallback   TEXT,                    -- JSON of the template that stands in for it
    due        INTEGER NOT NULL DEFAULT 0,
    claims     INTEGER NOT NULL DEFAULT 0,
    claimed_at INTEGER NOT NULL DEFAULT 0,
    key        TEXT NOT NULL DEFAULT '',    -- of the message in the outbox; '': not claimed
    skipped    TEXT NOT NULL DEFAULT '',    -- why it was left out
    CHECK (key = '' OR skipped = '')
) STRICT;
CREATE UNIQUE INDEX recipient_once ON recipients (campaign, customer);
CREATE INDEX recipients_queued ON recipients (campaign, due, seq) WHERE key = '' AND skipped = '';
CREATE UNIQUE INDEX recipients_claimed ON recipients (key) WHERE key <> '';
CREATE INDEX recipients_lately ON recipients (campaign, claimed_at) WHERE key <> '';
CREATE INDEX recipients_by_customer ON recipients (shop, customer);
