// Package web hides how the bot looks in a browser: the preview, which is a chat
// client for it and shows each answer as the chat services would, the pages of
// the open stories, and who may see which.
//
// The preview never renders a card. It reads the request bodies that the chat
// services would be sent and shows them as their clients do, so that a fault of
// escaping, of an offset or of a size is seen where it would be seen later.
package web
