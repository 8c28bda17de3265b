-- When those who manage a suspended conversation were told of it; 0: not yet.

-- +goose Up

ALTER TABLE conversations ADD COLUMN told_at BIGINT NOT NULL DEFAULT 0;
