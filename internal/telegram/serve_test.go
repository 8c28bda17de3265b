package telegram_test

import (
	"testing"
	"testing/synctest"

	"github.com/briefbot/briefbot/internal/telegram/telegramtest"
)

func TestAnswersACommand(t *testing.T) {
	r := newRig(t, telegramtest.Options{})
	r.Say(42, 42, "/overview us-nss-2025")
	m := r.said(42, 1)[0]
	if m.Text != "Answer to /\u2060overview us-nss-2025" {
		t.Errorf("the answer was %q", m.Text)
	}
	if bad := r.Refused(); len(bad) > 0 {
		t.Errorf("refused: %+v", bad)
	}
}

func TestAnswersACommandPipe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, telegramtest.Options{Pipe: true, Limits: true})
		r.Say(42, 42, "/overview us-nss-2025")
		m := r.said(42, 1)[0]
		if m.Text != "Answer to /\u2060overview us-nss-2025" {
			t.Errorf("the answer was %q", m.Text)
		}
	})
}
