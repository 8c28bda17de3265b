// Package telegram connects the bot to Telegram through its Bot API. It hides the
// vendor: long polling, commands, callback queries, entities counted in UTF-16
// units, rate limits and the meaning of its errors.
//
// A tour, bottom up: client.go makes one request and says what became of it, as a
// fault of fault.go; outcome.go turns that into an outcome by what was asked; gate.go
// holds requests back before a limit is hit. layout.go, quiet.go, entity.go and keyboard.go turn a card into request
// bodies without touching the network. send.go posts them, and ability.go changes,
// answers, pins and links what was posted, which posted.go names. poll.go receives
// updates and keeps the place, lanes.go orders them by chat, and receive.go,
// command.go, members.go and lifecycle.go say what each one means. A form is asked one
// question after the other, in the private chat: form.go words the questions, filling.go
// keeps how far somebody got, and guide.go takes the answers.
package telegram
