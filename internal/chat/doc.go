// Package chat hides what chat services have in common: the [Card] that a message
// means, the [Command] that can be asked, and the [Platform] that connects both to
// a service. It knows no stories and no vendor.
package chat
