-- The ledger as SQLite and PostgreSQL both read it. Times are milliseconds since
-- 1970 in UTC; a conversation is platform:id or platform:id/thread.

-- +goose Up

-- Single values: the store's own name and where the record stands.
CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- Numbers that only rise. They are taken inside the transaction that uses them,
-- so that numbers appear in their order and without gaps.
CREATE TABLE counters (
    name  TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);

-- Dossiers as compressed JSON, by the hash of what they hold.
CREATE TABLE contents (
    hash TEXT PRIMARY KEY,
    body BYTEA NOT NULL
);

-- The baseline: what was recorded last of each story.
CREATE TABLE dossiers (
    story      TEXT PRIMARY KEY,
    hash       TEXT NOT NULL,
    present    BOOLEAN NOT NULL,
    changed_at BIGINT NOT NULL -- of the last change after the first record; 0: none
);

-- Which content a story had from when on; no content while it was removed.
CREATE TABLE versions (
    story TEXT NOT NULL,
    take  BIGINT NOT NULL, -- the number of the record
    at    BIGINT NOT NULL,
    hash  TEXT NOT NULL,
    PRIMARY KEY (story, take)
);

CREATE TABLE changes (
    seq      BIGINT PRIMARY KEY,
    at       BIGINT NOT NULL,
    story    TEXT NOT NULL,
    kind     TEXT NOT NULL,
    item     TEXT NOT NULL,
    subject  TEXT NOT NULL, -- what the change is about: equal for changes that merge
    announce TEXT NOT NULL,
    -- Of an item that came back as it was before it was removed: the change that
    -- first added it, 0 if that was never recorded. -1: any other change.
    origin   BIGINT NOT NULL,
    body     TEXT NOT NULL  -- the change as JSON
);
CREATE INDEX changes_by_story ON changes (story, seq);
CREATE INDEX changes_by_subject ON changes (subject, seq);
CREATE INDEX changes_urgent ON changes (seq) WHERE announce = 'now';

CREATE TABLE conversations (
    conversation  TEXT PRIMARY KEY,
    suspended     TEXT NOT NULL, -- why; empty: it is not
    default_story TEXT NOT NULL,
    default_by    TEXT NOT NULL
);

-- What conversations became.
CREATE TABLE moves (
    conversation TEXT PRIMARY KEY,
    became       TEXT NOT NULL
);

CREATE TABLE subscriptions (
    id           BIGINT PRIMARY KEY,
    conversation TEXT NOT NULL,
    configured   BOOLEAN NOT NULL,
    stories      TEXT NOT NULL, -- ids in order, separated by spaces; *: all
    elsewhere    TEXT NOT NULL, -- of these, those that another order of the conversation tells
    schedule     TEXT NOT NULL,
    timezone     TEXT NOT NULL,
    importance   TEXT NOT NULL,
    room         TEXT NOT NULL, -- a JSON array
    since_seq    BIGINT NOT NULL,
    since        BIGINT NOT NULL,
    cursor_seq   BIGINT NOT NULL, -- considered up to here
    urgent_seq   BIGINT NOT NULL, -- considered for what is told at once up to here
    next_at      BIGINT NOT NULL, -- 0: no schedule
    UNIQUE (conversation, configured, stories)
);
CREATE INDEX subscriptions_due ON subscriptions (next_at) WHERE next_at > 0;
CREATE INDEX subscriptions_immediate ON subscriptions (cursor_seq) WHERE schedule = 'immediate';
CREATE INDEX subscriptions_urgent ON subscriptions (urgent_seq);

-- A composition is what was told, by the hash of it: digests to many refer to one.
CREATE TABLE compositions (
    hash TEXT PRIMARY KEY,
    at   BIGINT NOT NULL
);
CREATE TABLE composition_changes (
    composition TEXT NOT NULL,
    subject     TEXT NOT NULL,
    seq         BIGINT NOT NULL, -- of the last change that merged into it
    story       TEXT NOT NULL,
    body        TEXT NOT NULL,
    PRIMARY KEY (composition, subject)
);
CREATE INDEX composition_changes_by_subject ON composition_changes (subject);
CREATE TABLE composition_cards (
    composition TEXT NOT NULL,
    position    BIGINT NOT NULL,
    card        TEXT NOT NULL,
    PRIMARY KEY (composition, position)
);

CREATE TABLE cards (
    hash TEXT PRIMARY KEY,
    body TEXT NOT NULL
);

CREATE TABLE digests (
    id           BIGINT PRIMARY KEY,
    key          TEXT NOT NULL UNIQUE, -- of the subscription and its window
    subscription BIGINT NOT NULL,
    conversation TEXT NOT NULL,
    composition  TEXT NOT NULL,
    upto_seq     BIGINT NOT NULL,
    planned_at   BIGINT NOT NULL
);
CREATE INDEX digests_by_conversation ON digests (conversation, upto_seq);
CREATE INDEX digests_by_composition ON digests (composition, conversation);

CREATE TABLE deliveries (
    id            BIGINT PRIMARY KEY,
    key           TEXT NOT NULL UNIQUE, -- what the platform may deduplicate by
    digest        BIGINT NOT NULL, -- 0: a card of its own
    platform      TEXT NOT NULL,
    conversation  TEXT NOT NULL,
    card          TEXT NOT NULL,
    state         TEXT NOT NULL, -- waiting, sending; sent, unconfirmed, refused, withheld
    plain         BOOLEAN NOT NULL, -- the card was refused: send its text alone
    due_at        BIGINT NOT NULL,
    job           BIGINT NOT NULL, -- the job that works on it; 0: none
    attempts      BIGINT NOT NULL,
    doubts        BIGINT NOT NULL,
    planned_at    BIGINT NOT NULL,
    first_sent_at BIGINT NOT NULL, -- 0: never
    settled_at    BIGINT NOT NULL, -- 0: not yet
    message       TEXT NOT NULL,
    trouble       TEXT NOT NULL
);
CREATE INDEX deliveries_due ON deliveries (due_at) WHERE settled_at = 0 AND job = 0;
CREATE INDEX deliveries_by_job ON deliveries (job) WHERE settled_at = 0 AND job > 0;
CREATE INDEX deliveries_owed ON deliveries (conversation, id) WHERE settled_at = 0;
CREATE INDEX deliveries_by_conversation ON deliveries (conversation, settled_at);
CREATE INDEX deliveries_by_message ON deliveries (conversation, message) WHERE message <> '';
CREATE INDEX deliveries_by_state ON deliveries (state, settled_at);

CREATE TABLE calls (
    name TEXT PRIMARY KEY,
    call TEXT NOT NULL,
    at   BIGINT NOT NULL
);

CREATE TABLE events (
    platform TEXT NOT NULL,
    event    TEXT NOT NULL,
    at       BIGINT NOT NULL,
    PRIMARY KEY (platform, event)
);
CREATE INDEX events_by_age ON events (at);

CREATE TABLE offsets (
    platform TEXT PRIMARY KEY,
    place    TEXT NOT NULL
);

CREATE TABLE alarms (
    key      TEXT PRIMARY KEY,
    message  TEXT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at  BIGINT NOT NULL,
    count    BIGINT NOT NULL
);
