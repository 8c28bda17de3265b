-- What was posted is amended, kept up to date, answered, pinned, and put in threads.

-- +goose Up

ALTER TABLE subscriptions ADD COLUMN mode TEXT NOT NULL DEFAULT 'post'; -- post, edit, thread
ALTER TABLE subscriptions ADD COLUMN quiet TEXT NOT NULL DEFAULT '';    -- 22:00-07:00; empty: none

ALTER TABLE digests ADD COLUMN form TEXT NOT NULL DEFAULT '';         -- empty, correction, living
ALTER TABLE digests ADD COLUMN urgent BOOLEAN NOT NULL DEFAULT FALSE; -- it passes quiet hours

-- A delivery posts, or does something with the message of another: its target.
ALTER TABLE deliveries ADD COLUMN verb TEXT NOT NULL DEFAULT 'post'; -- post, reply, edit, pin, unpin
ALTER TABLE deliveries ADD COLUMN target BIGINT NOT NULL DEFAULT 0;
-- The card that the message shows, or is owed to show; empty: the first.
ALTER TABLE deliveries ADD COLUMN shown TEXT NOT NULL DEFAULT '';
-- The story whose thread it goes to, and where its message is if not in the conversation itself.
ALTER TABLE deliveries ADD COLUMN story TEXT NOT NULL DEFAULT '';
ALTER TABLE deliveries ADD COLUMN place TEXT NOT NULL DEFAULT '';
-- The changes up to this one that its message took into account before it was posted.
ALTER TABLE deliveries ADD COLUMN knows BIGINT NOT NULL DEFAULT 0;
CREATE INDEX composition_changes_by_story ON composition_changes (story);
CREATE INDEX deliveries_by_target ON deliveries (target) WHERE target > 0;
CREATE INDEX deliveries_by_place ON deliveries (place, message) WHERE place <> '';
CREATE INDEX deliveries_by_digest ON deliveries (digest);

-- The changes that what was posted shows already.
INSERT INTO settings (name, value) SELECT 'amended_seq', CAST(COALESCE(MAX(seq), 0) AS TEXT) FROM changes;
CREATE INDEX deliveries_by_card ON deliveries (card, id);

-- Since when nothing can be sent, and when that was last looked into.
ALTER TABLE conversations ADD COLUMN suspended_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN probed_at BIGINT NOT NULL DEFAULT 0;

-- The delivery whose message is the living one about a story, and the last digest that
-- it shows or is to show.
CREATE TABLE living (
    subscription BIGINT NOT NULL,
    story        TEXT NOT NULL,
    delivery     BIGINT NOT NULL,
    digest       BIGINT NOT NULL,
    renew_at     BIGINT NOT NULL, -- when another message is to take its place; 0: it is not
    PRIMARY KEY (subscription, story)
);
CREATE INDEX living_by_delivery ON living (delivery);
CREATE INDEX living_to_renew ON living (renew_at) WHERE renew_at > 0;

-- The thread of a story in a conversation; empty: none could be opened.
CREATE TABLE threads (
    conversation TEXT NOT NULL,
    story        TEXT NOT NULL,
    thread       TEXT NOT NULL,
    opened       BIGINT NOT NULL, -- how often one was
    at           BIGINT NOT NULL, -- when that was last tried
    PRIMARY KEY (conversation, story)
);
