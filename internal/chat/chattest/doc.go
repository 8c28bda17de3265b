// Package chattest hides how a chat platform is tested: a [Suite] that holds any
// platform to the contract of package chat against its vendor's stand-in, a [Fake]
// platform that posts nowhere, for what stands above the platforms.
package chattest
