// Package chattest hides how a chat platform is tested: a [Suite] that holds any
// platform to the contract of package chat against its vendor's stand-in, a [Fake]
// platform that posts nowhere and fails as scripted, and a [Host] that records what
// a platform asks of the bot.
package chattest
