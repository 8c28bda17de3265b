package web

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// fitsWindow fails where a page is wider than its window.
const fitsWindow = `document.documentElement.scrollWidth <= innerWidth`

// TestLedgerInBrowser filters with the keyboard, is shown what changes without losing
// its place, and retries.
func TestLedgerInBrowser(t *testing.T) {
	ctx := tab(t, 1500, 980)
	l := variedLedger(t)
	d := serve(t, withLedger(l))
	do(t, ctx, chromedp.Navigate("http://"+d.Addr()+"/ledger"), chromedp.WaitVisible(chromedp.CSS("#found")))
	if !eval[bool](t, ctx, fitsWindow) {
		t.Error("the list is wider than the window")
	}
	shot(t, ctx, "ledger")

	// What changes is shown without a new page, and the focus stays on its row.
	do(t, ctx, chromedp.Focus(chromedp.CSS("#a10")))
	l.set(10, func(a *Account) { a.State, a.Settled, a.Trouble = "sent", ledgerNow, "" })
	l.add(Account{Delivery: Delivery{Title: "It came just now", State: "sending", Planned: ledgerNow}})
	wait(t, ctx, `document.querySelector("#d12") && document.querySelector("#d10 .badge.sent")`)
	if got := eval[string](t, ctx, `document.activeElement.id`); got != "a10" {
		t.Errorf("the focus went to %q", got)
	}
	if got := eval[string](t, ctx, `document.querySelector("#state-sending .count").textContent`); got != "2" {
		t.Errorf("%s are counted as sending, want 2", got)
	}

	// What is being typed stays while the list is brought up to date.
	do(t, ctx, chromedp.Focus(chromedp.CSS("#words"), chromedp.NodeVisible), chromedp.KeyEvent("entities"))
	l.add(Account{Delivery: Delivery{Title: "And another", Planned: ledgerNow}})
	wait(t, ctx, `document.querySelector("#d13")`)
	if got := eval[string](t, ctx, `document.activeElement.id + " " + document.activeElement.value`); got != "words entities" {
		t.Errorf("what was typed is now %q", got)
	}
	do(t, ctx, chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(chromedp.CSS("#words[value=entities]")))
	wait(t, ctx, `document.querySelectorAll("tbody tr").length === 1`)
	do(t, ctx, chromedp.Focus(chromedp.CSS("#a6")), chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(chromedp.CSS("#retry")))
	shot(t, ctx, "ledger-refused")
	do(t, ctx, chromedp.Focus(chromedp.CSS("#retry")), chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(chromedp.CSS("#said")))
	wait(t, ctx, `document.querySelector("#facts .badge.waiting")`)
	shot(t, ctx, "ledger-retried")
	if got := eval[string](t, ctx, `location.pathname + location.search`); got != "/ledger/6" {
		t.Errorf("the address is %q", got)
	}
	l.set(6, func(a *Account) { a.State = "sent" })
	wait(t, ctx, `document.querySelector("#facts .badge.sent")`)
}

// TestDeliveryInBrowser looks at a delivery, wide and on a phone.
func TestDeliveryInBrowser(t *testing.T) {
	ctx := tab(t, 1500, 980)
	d := serve(t, withLedger(variedLedger(t)))
	for _, c := range []struct {
		name, path    string
		width, height int64
	}{
		{"delivery", "/ledger/1", 1500, 1500}, {"delivery-phone", "/ledger/1", 390, 2000}, {"ledger-phone", "/ledger", 390, 844},
		{"ledger-phone-rows", "/ledger", 390, 2600}, {"ledger-middle", "/ledger", 900, 980}, {"delivery-doubt", "/ledger/5", 1000, 900},
		{"ledger-none", "/ledger?words=never+there", 1500, 600}, {"ledger-fault", "/ledger?where=nowhere", 900, 600}, {"delivery-kept", "/ledger/7", 390, 844},
	} {
		do(t, ctx, chromedp.EmulateViewport(c.width, c.height))
		if c.name == "ledger-fault" {
			continue // the browser complains of the status, rightly
		}
		do(t, ctx, chromedp.Navigate("http://"+d.Addr()+c.path), chromedp.WaitVisible(chromedp.CSS("main")))
		if !eval[bool](t, ctx, fitsWindow) {
			t.Errorf("%s: the page is wider than the window", c.name)
		}
		if bad := eval[string](t, ctx, `[...document.querySelectorAll("[id]")].map(e => e.id).filter((id, i, all) => all.indexOf(id) !== i).join()`); bad != "" {
			t.Errorf("%s: these ids are there twice: %s", c.name, bad)
		}
		if bad := eval[string](t, ctx, `[...document.querySelectorAll("input:not([type=hidden]), select")].filter(e => !e.labels.length).map(e => e.id || e.name).join()`); bad != "" {
			t.Errorf("%s: no label names %s", c.name, bad)
		}
		shot(t, ctx, c.name)
	}
}

// TestManyDeliveriesInBrowser lists the newest of very many, and goes on to the next.
func TestManyDeliveriesInBrowser(t *testing.T) {
	ctx := tab(t, 1500, 980)
	l := &fakeLedger{}
	d := serve(t, withLedger(l))
	do(t, ctx, chromedp.Navigate("http://"+d.Addr()+"/ledger"), chromedp.WaitVisible(chromedp.CSS(".empty")))
	shot(t, ctx, "ledger-empty")
	for i := range 100_000 {
		l.add(Account{Delivery: Delivery{Title: fmt.Sprint("Digest ", i), Planned: ledgerNow, Settled: ledgerNow}})
	}
	wait(t, ctx, `document.getElementById("d100000")`)
	// The page may be of a moment between, which its next refresh mends.
	wait(t, ctx, `document.querySelector("#state-all .count").textContent === "100,000"`)
	shot(t, ctx, "ledger-many")
	do(t, ctx, chromedp.Click(chromedp.CSS("a[rel=next]")), chromedp.WaitVisible(chromedp.CSS("#d99950")))
	wait(t, ctx, `!document.getElementById("d100000")`)
}

// TestLedgerWithoutScript filters and skips where scripts are off.
func TestLedgerWithoutScript(t *testing.T) {
	ctx := tab(t, 1000, 900)
	l := variedLedger(t)
	d := serve(t, withLedger(l))
	if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	do(t, ctx, chromedp.Navigate("http://"+d.Addr()+"/ledger"), chromedp.Click(chromedp.CSS("#state-waiting")),
		chromedp.WaitVisible(chromedp.CSS("#state-waiting[aria-current]")), chromedp.Click(chromedp.CSS("#a10")), chromedp.Click(chromedp.CSS("#skip")),
		chromedp.WaitVisible(chromedp.CSS("#facts .badge.skipped")), chromedp.WaitVisible(chromedp.CSS("#said")))
	if len(l.did) != 1 || l.did[0] != "skip 10" {
		t.Errorf("it did %v", l.did)
	}
	shot(t, ctx, "ledger-noscript")
}
