-- What a platform notes for a while: how far somebody has filled in a form.

-- +goose Up

CREATE TABLE notes (
    key      TEXT PRIMARY KEY,
    value    TEXT NOT NULL,
    until_at BIGINT NOT NULL
);
CREATE INDEX notes_by_end ON notes (until_at);
