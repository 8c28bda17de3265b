package discord

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"time"
	"unicode/utf8"

	"github.com/briefbot/briefbot/internal/chat"
)

// How long an answer may take: Discord gives an interaction up after 3 s and
// forgets its token after 15 min
// (https://discord.com/developers/docs/interactions/receiving-and-responding).
const (
	deferAfter    = 1500 * time.Millisecond
	completeAfter = 2 * time.Second
	tokenLives    = 14 * time.Minute
)

// The types of answers to an interaction.
const (
	answerMessage  = 4
	answerDeferred = 5
	answerLater    = 6
	answerUpdate   = 7
	answerChoices  = 8
	answerModal    = 9
)

// A callback is the first answer to an interaction.
type callback struct {
	Type int `json:"type"`
	Data any `json:"data,omitempty"`
}

type choices struct {
	Choices []choice `json:"choices"`
}

type choice struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// A receiver answers interactions.
type receiver struct {
	rest   *rest
	host   chat.Host
	logger *slog.Logger
	told   *told
}

// handle answers one interaction as it came from the gateway. It returns when the
// answer is given or nobody waits for it any more.
func (r *receiver) handle(ctx context.Context, raw json.RawMessage) {
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, tokenLives)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			r.logger.Error("answering an interaction panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		}
	}()
	var i interaction
	if err := json.Unmarshal(raw, &i); err != nil {
		r.logger.Error("an interaction cannot be read", "error", err)
		return
	}
	r.told.note(&i)
	x := &exchange{receiver: r, i: &i, began: began}
	switch i.Type {
	case slashCommand:
		inv := i.invocation()
		inv.Call = i.call()
		x.respond(ctx, inv, answerMessage, answerDeferred)
	case buttonPress:
		x.press(ctx)
	case completion:
		x.complete(ctx)
	case formSent:
		x.sent(ctx)
	default:
		r.logger.Warn("an interaction of an unknown type was left unanswered", "type", i.Type)
	}
}

// An exchange is one interaction on its way to its answer.
type exchange struct {
	*receiver
	i     *interaction
	began time.Time
}

// press answers a pressed button: an answer to the same person is changed in
// place, any other message left as it is.
func (x *exchange) press(ctx context.Context) {
	inv := x.i.invocation()
	inv.Line, inv.Pressed = carried(x.i.Data.CustomID), true
	if call, shared := x.i.shared(); shared {
		inv.Line = call
		x.share(ctx, inv)
		return
	}
	if x.i.inPlace() {
		x.respond(ctx, inv, answerUpdate, answerLater)
		return
	}
	x.respond(ctx, inv, answerMessage, answerDeferred)
}

// respond runs an invocation and gives its answer: at once where it is ready soon,
// otherwise by an edit of a deferred answer. A form is shown where that is possible
// yet, and a way to it below everything else.
func (x *exchange) respond(ctx context.Context, inv chat.Invocation, direct, deferred int) {
	answers := x.run(ctx, inv)
	flags := 0
	if direct == answerMessage {
		flags = x.i.ephemeral()
	}
	select {
	case reply := <-answers:
		if reply.Form != nil && x.i.Type != formSent {
			x.open(ctx, reply)
			return
		}
		m := x.compose(reply)
		m.Flags = flags
		if direct == answerUpdate {
			m = m.edit()
		}
		x.first(ctx, direct, m)
	case <-time.After(time.Until(x.began.Add(deferAfter))):
		var data any
		if deferred == answerDeferred && flags != 0 {
			data = map[string]int{"flags": flags}
		}
		if !x.acknowledge(ctx, callback{deferred, data}) {
			return
		}
		select {
		case reply := <-answers:
			m := x.compose(reply)
			if reply.Form != nil && deferred == answerLater {
				m.Flags = x.i.ephemeral()
				x.note(x.deliver(ctx, http.MethodPost, "", m))
				return
			}
			x.edit(ctx, m)
		case <-ctx.Done():
		}
	}
}

// share repeats a call with the room's access and posts its answer for all. What
// the room may not see, or cannot be shared, only the one who pressed is told; a form
// is hers alone.
func (x *exchange) share(ctx context.Context, inv chat.Invocation) {
	inv.Private = false
	answers := x.run(ctx, inv)
	message := func(reply chat.Reply) message {
		m := compose(invite(reply), "")
		if reply.Call == "" || reply.Form != nil {
			m.Flags = flagEphemeral
		}
		return m
	}
	select {
	case reply := <-answers:
		if reply.Form != nil {
			x.open(ctx, reply)
			return
		}
		x.first(ctx, answerMessage, message(reply))
	case <-time.After(time.Until(x.began.Add(deferAfter))):
		// A deferred answer would have to be public or private before that is known.
		if !x.acknowledge(ctx, callback{Type: answerLater}) {
			return
		}
		select {
		case reply := <-answers:
			x.note(x.deliver(ctx, http.MethodPost, "", message(reply)))
		case <-ctx.Done():
		}
	}
}

// run asks the host, and makes a panic there an answer.
func (x *exchange) run(ctx context.Context, inv chat.Invocation) <-chan chat.Reply {
	answers := make(chan chat.Reply, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				x.logger.Error("answering a command panicked", "command", inv.Call.Name, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
				answers <- chat.Reply{Card: apology()}
			}
		}()
		answers <- x.host.Run(ctx, inv)
	}()
	return answers
}

func apology() chat.Card {
	return chat.Card{Title: "Something went wrong", Tone: chat.Trouble, Lead: chat.Plainly("The answer could not be made. The operators can find the reason in the log.")}
}

// compose renders a reply for its asker, with a Share button where others could
// be shown it.
func (x *exchange) compose(reply chat.Reply) message {
	share := ""
	if x.i.GuildID != "" && reply.Form == nil {
		share = shareID(reply.Call)
	}
	return compose(invite(reply), share)
}

// edit is m as it replaces another message: with nothing of that left over.
func (m message) edit() message {
	m.Flags = 0
	if m.Attachments == nil {
		m.Attachments = &[]attachment{}
	}
	return m
}

// first gives the first answer, and an apology where Discord refuses it.
func (x *exchange) first(ctx context.Context, kind int, m message) {
	err := x.callback(ctx, callback{kind, m}, m.picture)
	if kind == answerUpdate && codeOf(err) == unknownMessage {
		// Somebody deleted what should have been edited.
		kind, m.Flags = answerMessage, x.i.ephemeral()
		err = x.callback(ctx, callback{kind, m}, m.picture)
	}
	var api *apiError
	if errors.As(err, &api) && api.Status == http.StatusBadRequest && api.Code != alreadyAnswered {
		x.logger.Error("Discord refused an answer", "command", x.i.Data.Name, "error", err)
		sorry := compose(apology(), "")
		sorry.Flags = m.Flags
		err = x.callback(ctx, callback{kind, sorry}, nil)
	}
	if answered(err) {
		x.edit(ctx, m)
		return
	}
	x.note(err)
}

// acknowledge defers the answer and says whether it can still be given.
func (x *exchange) acknowledge(ctx context.Context, c callback) bool {
	err := x.callback(ctx, c, nil)
	if err == nil || answered(err) {
		return true
	}
	x.note(err)
	return false
}

// The codes of answers that come too late or twice.
const (
	unknownMessage      = 10008
	unknownInteraction  = 10062
	unknownWebhook      = 10015
	invalidWebhookToken = 50027
	alreadyAnswered     = 40060
)

// answered says that an earlier try may have been the first answer after all.
func answered(err error) bool {
	var wire *wireError
	return codeOf(err) == alreadyAnswered || errors.As(err, &wire) && wire.Wrote
}

// note logs why an answer was not given, quietly where it only came too late.
func (x *exchange) note(err error) {
	if err == nil {
		return
	}
	switch codeOf(err) {
	case unknownInteraction, unknownWebhook, invalidWebhookToken:
		x.logger.Debug("an answer came too late", "error", err)
	default:
		x.logger.Warn("an answer was not given", "error", err)
	}
}

// callback posts a first answer. It is tried again while Discord fails and
// somebody still waits.
func (x *exchange) callback(ctx context.Context, c callback, picture *chat.Picture) error {
	path := "/interactions/" + url.PathEscape(x.i.ID) + "/" + url.PathEscape(x.i.Token) + "/callback"
	var err error
	for wait := 100 * time.Millisecond; ; wait *= 2 {
		err = x.rest.message(ctx, http.MethodPost, path, c, picture, nil)
		if !passing(err) || time.Since(x.began)+wait > 2800*time.Millisecond {
			return err
		}
		if until(ctx, time.Now().Add(wait)) != nil {
			return err
		}
	}
}

// edit replaces the first answer, or, where somebody deleted it, answers anew.
func (x *exchange) edit(ctx context.Context, m message) {
	err := x.deliver(ctx, http.MethodPatch, "/messages/@original", m.edit())
	if codeOf(err) == unknownMessage {
		m.Flags = x.i.ephemeral()
		err = x.deliver(ctx, http.MethodPost, "", m)
	}
	x.note(err)
}

// deliver gives an answer after the first, while its token lives.
func (x *exchange) deliver(ctx context.Context, method, path string, m message) error {
	path = "/webhooks/" + url.PathEscape(x.i.ApplicationID) + "/" + url.PathEscape(x.i.Token) + path
	var err error
	for try, wait := 0, time.Second; try < 4; try, wait = try+1, wait*2 {
		err = x.rest.message(ctx, method, path, m, m.picture, nil)
		var wire *wireError
		again := passing(err) || method == http.MethodPatch && errors.As(err, &wire)
		if !again || until(ctx, time.Now().Add(wait)) != nil {
			break
		}
	}
	return err
}

// passing says that Discord failed in a way that may be over soon, without having
// done anything.
func passing(err error) bool {
	var (
		api   *apiError
		wire  *wireError
		paced *errPaced
	)
	switch {
	case errors.As(err, &api):
		return api.Status >= 500 || api.Status == http.StatusTooManyRequests
	case errors.As(err, &wire):
		return !wire.Wrote
	}
	return errors.As(err, &paced)
}

// complete offers values for the option that is being typed. There is no
// deferring it: where the host is slow, nothing is offered.
func (x *exchange) complete(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, completeAfter)
	defer cancel()
	offers := make(chan []chat.Choice, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				x.logger.Error("completing an option panicked", "command", x.i.Data.Name, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
				offers <- nil
			}
		}()
		inv := x.i.invocation()
		inv.Call = x.i.call()
		option, typed := x.i.typed()
		offers <- x.host.Complete(ctx, inv, option, typed)
	}()
	var offered []chat.Choice
	select {
	case offered = <-offers:
	case <-ctx.Done():
	}
	answer := callback{answerChoices, choices{choicesOf(offered)}}
	x.note(x.callback(context.WithoutCancel(ctx), answer, nil))
}

// typed is the option being typed and what there is of it.
func (i *interaction) typed() (option, typed string) {
	for _, o := range i.Data.Options {
		if o.Focused {
			return o.Name, o.text()
		}
	}
	return "", ""
}

// choicesOf are the choices that Discord takes: a value is never cut, so one too
// long is left out.
func choicesOf(offered []chat.Choice) []choice {
	list := []choice{}
	for _, c := range offered {
		name := clipText(oneLine(c.Label), maxChoiceText)
		if !visible(name) {
			name = clipText(oneLine(c.Value), maxChoiceText)
		}
		if !visible(name) || c.Value == "" || utf8.RuneCountInString(c.Value) > maxChoiceText || len(list) == chat.MaxChoices {
			continue
		}
		list = append(list, choice{name, c.Value})
	}
	return list
}
