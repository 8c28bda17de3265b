package main

import (
	"testing"

	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/digest"
)

func TestOffLine(t *testing.T) {
	to := func(platform string) digest.Subscription {
		return digest.Subscription{Where: chat.Conversation{Platform: platform, ID: "-100"}}
	}
	for _, test := range []struct {
		subscriptions []digest.Subscription
		want          string
	}{
		{nil, "telegram: off; set BRIEFBOT_TELEGRAM_TOKEN, or --telegram-token-file FILE"},
		{[]digest.Subscription{to("discord")}, "telegram: off; set BRIEFBOT_TELEGRAM_TOKEN, or --telegram-token-file FILE"},
		{[]digest.Subscription{to("telegram"), to("discord")},
			"telegram: off, though team.yaml has 1 subscription there; set BRIEFBOT_TELEGRAM_TOKEN, or --telegram-token-file FILE"},
		{[]digest.Subscription{to("telegram"), to("telegram")},
			"telegram: off, though team.yaml has 2 subscriptions there; set BRIEFBOT_TELEGRAM_TOKEN, or --telegram-token-file FILE"},
	} {
		s := &settings{file: &file{path: "team.yaml", subscriptions: test.subscriptions}}
		if got := s.offLine("telegram"); got != test.want {
			t.Errorf("with %d subscriptions:\n got %s\nwant %s", len(test.subscriptions), got, test.want)
		}
	}
}
