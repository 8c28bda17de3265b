-- What was settled long ago is forgotten; a card when nothing shows it any more.

-- +goose Up

CREATE INDEX deliveries_by_shown ON deliveries (shown) WHERE shown <> '';
CREATE INDEX composition_cards_by_card ON composition_cards (card);
