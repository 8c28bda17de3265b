-- Corrections that readers proposed are kept until the operators have dealt with them.

-- +goose Up

CREATE TABLE suggestions (
    id           BIGINT PRIMARY KEY,
    key          TEXT NOT NULL UNIQUE, -- of the call that made it, so that it is made once
    at           BIGINT NOT NULL,
    asker        TEXT NOT NULL, -- who proposed it, as the configuration writes an address
    conversation TEXT NOT NULL, -- where
    story        TEXT NOT NULL,
    item         TEXT NOT NULL,  -- section/id; '': the story as a whole
    state        TEXT NOT NULL,
    settled_at   BIGINT NOT NULL, -- 0: it is open
    settled_by   TEXT NOT NULL,
    told_at      BIGINT NOT NULL, -- when the operators were owed a card of it; 0: not yet
    body         TEXT NOT NULL,  -- what is proposed and why, as JSON
    patch        BYTEA NOT NULL  -- as a mail; empty: there is none
);
CREATE INDEX suggestions_by_asker ON suggestions (asker, at);
CREATE INDEX suggestions_by_time ON suggestions (at);
CREATE INDEX suggestions_by_state ON suggestions (state, id);
CREATE INDEX suggestions_untold ON suggestions (id) WHERE told_at = 0;
