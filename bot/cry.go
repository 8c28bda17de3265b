package bot

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/digest"
)

// cryEvery is how often the alarms that were posted are looked at. A card is brought
// up to date at most as often, and less often the longer its trouble lasts.
const cryEvery = time.Minute

// cry brings the alarms that were posted up to date, and tells of suggestions that were
// not told, until ctx is done.
func (b *Bot) cry(ctx context.Context) {
	b.tellSuggestions(ctx)
	tick := time.NewTicker(cryEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			b.tellAlarms(ctx)
			b.tellSuggestions(ctx)
		}
	}
}

// tellAlarms posts a card for each kind of trouble that is new, and has the cards of
// those that last or are over say how things stand.
func (b *Bot) tellAlarms(ctx context.Context) {
	b.crying.Lock()
	defer b.crying.Unlock()
	kinds, err := b.ledger.AlarmKinds(ctx)
	if err != nil {
		b.log.ErrorContext(ctx, "looking at the alarms", "error", err)
		return
	}
	now := b.now()
	for _, k := range kinds {
		words := fmt.Sprint(k.Count, " ", k.Open, " ", k.Over)
		if k.Told == words || now.Sub(k.ToldAt) < alarmPause(k, now) {
			continue
		}
		if !k.Over || !k.ToldAt.IsZero() {
			b.tellAlarm(ctx, k)
		}
		if err := b.ledger.ToldAlarm(ctx, k, words); err != nil {
			b.log.ErrorContext(ctx, "noting an alarm that was told", "kind", k.Kind, "error", err)
		}
	}
}

// alarmPause is how long after a card was brought up to date it is again: a trouble
// that lasts for days is not an edit a minute.
func alarmPause(k digest.AlarmKind, now time.Time) time.Duration {
	if k.Over {
		return cryEvery
	}
	return max(cryEvery, now.Sub(k.First)/20)
}

// tellAlarm posts a kind of trouble, or has what was posted say how it stands.
func (b *Bot) tellAlarm(ctx context.Context, k digest.AlarmKind) {
	card, key := alarmCard(k), fmt.Sprint("alarm ", k.Serial)
	first := k.ToldAt.IsZero()
	if first {
		b.preview([]chat.Card{card})
	}
	for _, to := range b.current().alarms {
		var err error
		if first {
			err = b.ledger.Post(ctx, to, card, key)
		} else {
			err = b.ledger.Amend(ctx, to, key, card)
		}
		if err != nil {
			b.log.ErrorContext(ctx, "posting an alarm", "to", to.String(), "error", err)
		}
	}
}

// alarmCard is a kind of trouble as the operators see it: the last that was met, a few
// of those before, and how often since when.
func alarmCard(k digest.AlarmKind) chat.Card {
	card := troubleCard("")
	if k.Over {
		card = chat.Card{Title: "Alarm, over"}
		card.Lead = chat.Plainly("This is over: " + kindWords(k.Kind) + ".")
	}
	for i, a := range k.Latest {
		switch {
		case i == 0 && !k.Over:
			card = troubleCard(a.Message)
		default:
			card.Items = append(card.Items, chat.Item{ID: fmt.Sprint(i), Label: "Of late", Body: excerpt(chat.Plainly(a.Message), newsCost)})
		}
	}
	if k.Count > 1 || k.Over {
		card.Note = said(alarmCount(k))
	}
	return card
}

// troubleCard is one trouble as the operators see it. It has no buttons, because it
// may stand where nobody but they should ask.
func troubleCard(message string) chat.Card {
	return chat.Card{Title: "Alarm", Tone: chat.Trouble, Lead: excerpt(chat.Plainly(message), pageCost)}
}

// alarmCount says how often a kind of trouble was met, and since when.
func alarmCount(k digest.AlarmKind) string {
	const moment = "2 January 2006, 15:04 UTC"
	words := "Met " + counted(k.Count, "time", "times")
	if k.Count > 1 {
		words += " since " + k.First.UTC().Format(moment) + ", the last on " + k.Last.UTC().Format(moment)
	} else {
		words += ", on " + k.First.UTC().Format(moment)
	}
	if k.Open > 1 {
		words = fmt.Sprintf("%d troubles of this kind. %s", k.Open, words)
	}
	if k.Over {
		return words + "."
	}
	return words + ". /status lists them all."
}

// kindWords names a kind of trouble in a sentence.
func kindWords(kind string) string {
	switch kind {
	case "gone":
		return "conversations that could not be posted to"
	case "late":
		return "messages that are more than a day late"
	case "unconfirmed":
		return "messages that may have been posted or not"
	case "refused", "refused-plain":
		return "cards that a service refused"
	case "plan":
		return "digests that could not be composed"
	case "platform":
		return "a service that had stopped"
	case "pin":
		return "messages that could not be pinned"
	case "thread":
		return "threads that could not be opened"
	case "fetch":
		return "news of the briefs that could not be fetched"
	case "source", "watch", "brief":
		return "briefs that could not be read"
	case "record", "settle", "dispatch", "deliver":
		return "a store that could not be used"
	}
	return strings.ReplaceAll(kind, "-", " ")
}
