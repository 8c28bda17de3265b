// Package discord connects the bot to Discord (https://discord.com/developers/docs):
// it hides the gateway, the registration of commands, interactions, embeds and the
// limits of all of them.
//
// A tour, bottom up: every REST request goes through transport.go, which sends it
// elsewhere than the library would, paced by pacer.go, held back by breaker.go where
// requests are invalid or nobody but a proxy answers, and stripped of secrets;
// rest.go gives requests one form, and outcome.go says what an error comes to.
// markdown.go, buttons.go and render.go turn a card into a message without touching
// the network. On the other side socket.go reads along under the library's WebSocket,
// and gateway.go keeps one connection after another. interaction.go reads what
// arrives and answer.go answers it, deferring what is slow, with a modal of form.go where
// a form is to be filled in; lifecycle.go notices
// which channels come and go and probe.go which close and open, its events put in
// order by queue.go. register.go keeps
// the commands registered, survey.go tells who reads a channel and whether the bot
// may post there, told.go what of that Discord told by the way. discord.go joins all
// this and sends; ability.go changes, answers, pins and links to what was sent, thread.go
// opens threads, and verb.go says what of it can never be done.
package discord
