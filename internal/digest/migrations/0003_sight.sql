-- What became of each change can be told, and troubles of one kind are one alarm.

-- +goose Up

-- The digest tells what was recorded after this; 0: that was not written down.
ALTER TABLE digests ADD COLUMN from_seq BIGINT NOT NULL DEFAULT 0;
CREATE INDEX digests_by_age ON digests (planned_at);
CREATE INDEX deliveries_by_age ON deliveries (settled_at) WHERE settled_at > 0;

-- The kind of a trouble, by which it is told.
ALTER TABLE alarms ADD COLUMN kind TEXT NOT NULL DEFAULT '';
UPDATE alarms SET kind = key;
CREATE INDEX alarms_by_kind ON alarms (kind, last_at);

-- The kinds that last, each with the card that tells of them.
CREATE TABLE alarm_kinds (
    kind     TEXT PRIMARY KEY,
    serial   BIGINT NOT NULL, -- names the card
    first_at BIGINT NOT NULL,
    over     BIGINT NOT NULL, -- after how long without it is over; 0: when all are cleared
    told_at  BIGINT NOT NULL, -- when the card was last brought up to date
    told     TEXT NOT NULL    -- the hash of what it says
);
