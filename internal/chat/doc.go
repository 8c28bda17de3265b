// Package chat hides what chat services have in common: the [Card] that a message
// means, the [Command] that can be asked, and the [Platform] that connects both to
// a service. It knows no stories and no vendor.
//
// A tour, bottom up: card.go is what a message means, text.go cuts its styled text
// between paragraphs, sentences, words and graphemes, fit.go cuts a whole card to
// what a service takes, and plain.go prints it. call.go is a question, parse.go its
// typed form; command.go is what can be asked, form.go what is asked back, bind.go gives
// a call's arguments to a command's options, complete.go offers what could be typed
// next, and set.go puts these together: validated by validate.go, with errors.go for
// what can go wrong.
// platform.go is the boundary to the services, which package chattest tests, and
// window.go keeps a service's limit of requests in any span of time.
package chat
