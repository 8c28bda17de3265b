package chat

import "context"

// What a Platform may be able to do besides posting. Each ability is found by a
// type assertion. Their errors are the outcomes of a send, and Fixed besides; all may
// be used whenever Send may, by many at once. They count against the same limits as
// Send.

// An Editor is a Platform that can change what it posted.
type Editor interface {
	Platform
	// Edit has a message that was posted in a conversation show c. Doing it again
	// changes nothing, so that an uncertain edit is simply repeated.
	Edit(ctx context.Context, where Conversation, id MessageID, c Card) error
}

// A Replier is a Platform that can post an answer to a message.
type Replier interface {
	Platform
	// Reply posts c as an answer to a message in the same conversation, and as a
	// message of its own where that one is gone. For the rest it is Send.
	Reply(ctx context.Context, to Conversation, original MessageID, c Card, key string) (MessageID, error)
}

// A Pinner is a Platform that can keep a message at the top of its conversation.
type Pinner interface {
	Platform
	// Pin and Unpin notify nobody as far as the service allows, and change nothing
	// when done again.
	Pin(ctx context.Context, where Conversation, id MessageID) error
	Unpin(ctx context.Context, where Conversation, id MessageID) error
}

// A Threader is a Platform that has threads within conversations.
type Threader interface {
	Platform
	// OpenThread opens a thread in a conversation and returns it. Name is cut to what
	// the service allows; c is what stands at its beginning, where the service wants
	// something there. Calls with equal keys mean the same thread, as far as the
	// platform can tell.
	OpenThread(ctx context.Context, in Conversation, name string, c Card, key string) (Conversation, error)
}

// A Linker is a Platform whose messages have addresses.
type Linker interface {
	Platform
	// MessageURL returns the address of a message, for those who may read it; empty
	// if it has none.
	MessageURL(ctx context.Context, where Conversation, id MessageID) string
}
