-- Each change remembers the commit that its brief was changed with.

-- +goose Up

ALTER TABLE changes ADD COLUMN commit_hash TEXT NOT NULL DEFAULT ''; -- empty: none is known
ALTER TABLE changes ADD COLUMN author TEXT NOT NULL DEFAULT '';
ALTER TABLE changes ADD COLUMN authored_at BIGINT NOT NULL DEFAULT 0; -- 0: none
