-- What became of each change can be told, and troubles of one kind are one alarm.

-- +goose Up

-- The digest tells what was recorded after this; 0: that was not written down.
ALTER TABLE digests ADD COLUMN from_seq BIGINT NOT NULL DEFAULT 0;

-- The kind of a trouble, by which it is told.
ALTER TABLE alarms ADD COLUMN kind TEXT NOT NULL DEFAULT '';
UPDATE alarms SET kind = key;
CREATE INDEX alarms_by_kind ON alarms (kind, last_at);

-- Troubles of one kind while they last, told by one card.
CREATE TABLE alarm_kinds (
    serial   BIGINT PRIMARY KEY, -- names the card
    kind     TEXT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at  BIGINT NOT NULL,
    count    BIGINT NOT NULL, -- how often one was met
    over     BIGINT NOT NULL, -- after how long without one they are over; 0: when all are cleared
    ended_at BIGINT NOT NULL, -- 0: they last
    told_at  BIGINT NOT NULL, -- when the card was last brought up to date; 0: there is none
    told     TEXT NOT NULL    -- what it says
);
CREATE INDEX alarm_kinds_by_kind ON alarm_kinds (kind, ended_at);
