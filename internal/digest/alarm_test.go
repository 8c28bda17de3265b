package digest

import (
	"fmt"
	"testing"
	"time"
)

// TestAlarmKinds counts troubles by their kinds: what lasts is one kind until all of it
// was cleared, or none was met for long.
func TestAlarmKinds(t *testing.T) {
	p := newPlot(t, "2026-01-10 09:00")
	l, ctx := p.ledger, t.Context()
	met := func(key string, first, kind bool) {
		t.Helper()
		r, err := l.Alarm(ctx, key, "about "+key, 24*time.Hour)
		if err != nil || r != (Raised{First: first, Kind: kind}) {
			t.Errorf("%s: %+v, %v, want first %v and a new kind %v", key, r, err, first, kind)
		}
	}
	kinds := func(want string) {
		t.Helper()
		all, err := l.AlarmKinds(ctx)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, k := range all {
			got += fmt.Sprintf("%d %s %d of %d, over %v; ", k.Serial, k.Kind, k.Open, k.Count, k.Over)
		}
		if got != want {
			t.Errorf("the kinds are\n%s\nwant\n%s", got, want)
		}
	}
	met("gone:telegram:1", true, true)
	met("gone:telegram:2", true, false)
	met("gone:telegram:1", false, false)
	met("record", true, true)
	kinds("1 gone 2 of 3, over false; 2 record 1 of 1, over false; ")
	for _, key := range []string{"gone:telegram:1", "gone:telegram:2"} {
		if err := l.ClearAlarm(ctx, key); err != nil {
			t.Fatal(err)
		}
	}
	kinds("1 gone 0 of 3, over true; 2 record 1 of 1, over false; ")
	p.asleep("2026-01-10 10:00")
	met("gone:telegram:3", true, true)
	kinds("1 gone 0 of 3, over true; 2 record 1 of 1, over false; 3 gone 1 of 1, over false; ")
	p.asleep("2026-01-11 09:30")
	kinds("1 gone 0 of 3, over true; 2 record 1 of 1, over true; 3 gone 1 of 1, over false; ")
	all, err := l.AlarmKinds(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range all {
		if err := l.ToldAlarm(ctx, k, "told"); err != nil {
			t.Fatal(err)
		}
	}
	kinds("3 gone 1 of 1, over false; ")
	if all, err = l.AlarmKinds(ctx); err != nil || all[0].Told != "told" || !all[0].ToldAt.Equal(p.now) || all[0].Latest[0].Key != "gone:telegram:3" {
		t.Errorf("what lasts is %+v, %v", all, err)
	}
	met("record", true, true)
	kinds("3 gone 1 of 1, over false; 4 record 1 of 1, over false; ")
}

// TestAlarmKindLatest checks that of many troubles the last five are returned.
func TestAlarmKindLatest(t *testing.T) {
	p := newPlot(t, "2026-01-10 09:00")
	for i := range 30 {
		p.now = p.now.Add(time.Second)
		if _, err := p.ledger.Alarm(t.Context(), fmt.Sprint("gone:telegram:", i), "gone", 0); err != nil {
			t.Fatal(err)
		}
	}
	all, err := p.ledger.AlarmKinds(t.Context())
	if err != nil || len(all) != 1 || all[0].Open != 30 || len(all[0].Latest) != 5 || all[0].Latest[0].Key != "gone:telegram:29" {
		t.Errorf("the kind is %+v, %v", all, err)
	}
	p.now = p.now.Add(400 * 24 * time.Hour)
	if all, err = p.ledger.AlarmKinds(t.Context()); err != nil || all[0].Over {
		t.Errorf("what lasts until it is cleared is over: %+v, %v", all, err)
	}
}
