// Package web hides how the bot looks in a browser: the preview, which is a chat
// client for it and shows each answer as the chat services would, the pages of
// the open stories, and who may see which.
//
// The preview never renders a card. It reads the request bodies that the chat
// services would be sent and shows them as their clients do, so that a fault of
// escaping, of an offset or of a size is seen where it would be seen later.
//
// A tour, from a request on: serve.go listens, routes.go says what there is, and
// access.go who may see it. For readers story.go makes the pages and the JSON of a
// story out of the views in storyparts.go; text.go makes their prose into nodes
// (node.go), which the templates show. For operators preview.go takes questions and
// presses to the bot and form.go what was filled in, transcript.go keeps the
// conversation, events.go tells open pages of its changes, and welcome.go is where it
// begins. hook.go takes the webhooks that tell of a push. ledger.go is the ledger as
// operators see it: ledgerpage.go lists deliveries, shows one, and takes retry and skip;
// ledgerview.go has the words. suggestions.go shows what readers would correct, and gives
// the patches. panes.go has the request bodies of a card read: discord.go, with modal.go
// for forms, and telegram.go by the rules of each service, markdown.go and
// markdownspan.go as Discord's client reads text, autolink.go as Telegram's server
// does; sheet.go shows cards in the same way on pages of their own. assets.go embeds
// what pages are made of.
package web
