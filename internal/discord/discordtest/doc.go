// Package discordtest plays Discord in the process of a test: REST and gateway,
// over a real listener, as strictly as Discord does. It refuses what Discord
// refuses, keeps the channels, messages and interactions that a bot would see, and
// can be told to fail in every way in which Discord fails.
//
// It knows nothing of briefbot and is written against Discord's documentation
// (https://discord.com/developers/docs) alone. Given Discord's OpenAPI
// file ([LoadSpecs]), it checks request bodies against that too.
package discordtest
