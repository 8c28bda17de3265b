package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/briefbot/briefbot/bot"
	"github.com/briefbot/briefbot/internal/chat"
	"github.com/briefbot/briefbot/internal/desk"
	"github.com/briefbot/briefbot/internal/discord"
	"github.com/briefbot/briefbot/internal/telegram"
	"github.com/briefbot/briefbot/internal/web"
)

// services are the panes of the preview, as far as they need no connection.
func services() []web.Pane {
	return []web.Pane{
		{Name: "Discord", Payloads: discord.Payloads},
		{Name: "Telegram", Payloads: telegram.Payloads},
	}
}

// A preview writes a report of a proposed change to a folder.
type preview struct {
	dir     string
	at      time.Time // when it is said to be posted
	sheet   *web.Sheet
	browser *browser // nil: no pictures
	out     *console
}

// maxPreviewed is how many earlier messages the report shows; it names all of them.
const maxPreviewed = 10

// maxApart is of how many stories the report shows what other modes make of them.
const maxApart = 5

// writePreview writes what the changes between two states would cause: report.md, and
// for each service a page and a picture. Where no browser makes pictures, the report is
// without them, and the console says why.
func (c diffCmd) writePreview(ctx context.Context, states comparison, out *console) error {
	sheet, err := web.NewSheet(services())
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Preview, 0o755); err != nil {
		return fmt.Errorf("making the folder of the preview: %w", err)
	}
	p := preview{dir: c.Preview, at: states.after.Taken().UTC(), sheet: sheet, out: out}
	if c.Browser != noBrowser {
		defer p.open(ctx, c.Browser, cmp.Or(c.patience, pictureTakes))()
	}
	report := states.report()
	proposal, err := bot.Propose(report.Changes, states.before, states.after, p.at)
	if err != nil {
		return fmt.Errorf("wording the preview: %w", err)
	}
	report.Untold = proposal.Untold
	if report.Urgent, err = p.digest(ctx, "now", "What is told at once", proposal.Urgent); err != nil {
		return err
	}
	if report.Digest, err = p.digest(ctx, "digest", "The digest", proposal.Digest); err != nil {
		return err
	}
	if err := p.modes(ctx, &report, proposal.Apart); err != nil {
		return err
	}
	for i, a := range proposal.Amendments {
		e := desk.Correction{Change: a.Change, Answered: a.Answer != nil}
		if i < maxPreviewed {
			if e.Shown, err = p.amendment(ctx, i+1, a); err != nil {
				return err
			}
		}
		report.Earlier = append(report.Earlier, e)
	}
	return p.write("report.md", []byte(report.Markdown(desk.MaxReport)))
}

// digest shows the cards of a digest on each service.
func (p *preview) digest(ctx context.Context, name, title string, cards []chat.Card) ([]desk.Message, error) {
	if len(cards) == 0 {
		return nil, nil
	}
	shown := make([]web.Shown, len(cards))
	for i, c := range cards {
		shown[i] = web.Shown{Card: c}
	}
	all, err := p.messages(ctx, name, title, shown)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].Other, err = p.picture(ctx, name+"-"+strings.ToLower(all[i].Service), web.OtherColours); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// modes has the report show what the modes that tell each story by itself make of the
// first stories.
func (p *preview) modes(ctx context.Context, report *desk.Report, stories []bot.Apart) error {
	report.Unshown = max(0, len(stories)-maxApart)
	for _, s := range stories[:len(stories)-report.Unshown] {
		edit, err := p.messages(ctx, "edit-"+s.Story, "mode: edit", []web.Shown{{Card: s.Living}})
		if err != nil {
			return err
		}
		thread, err := p.messages(ctx, "thread-"+s.Story, "mode: thread", inThread(s, len(stories) == 1))
		if err != nil {
			return err
		}
		report.Modes = append(report.Modes, desk.Mode{Name: "edit", Story: s.Story, Shown: edit}, desk.Mode{Name: "thread", Story: s.Story, Shown: thread})
	}
	return nil
}

// inThread is what a story's thread has. The digest of an only story is shown already.
func inThread(s bot.Apart, only bool) []web.Shown {
	shown := []web.Shown{{Caption: "The thread begins with", Card: s.Opening}}
	if only {
		return shown
	}
	for _, c := range s.Digest {
		shown = append(shown, web.Shown{Card: c})
	}
	shown[1].Caption = "Posted into it"
	return shown
}

// amendment shows a message as it will be corrected, and the answer to it.
func (p *preview) amendment(ctx context.Context, n int, a bot.Amendment) ([]desk.Message, error) {
	shown := []web.Shown{{Caption: "As it was posted", Card: a.Before}, {Caption: "As it will be edited", Card: a.After}}
	if a.Answer != nil {
		shown = append(shown, web.Shown{Caption: "The answer to it", Card: *a.Answer})
	}
	return p.messages(ctx, fmt.Sprintf("earlier-%d", n), "An earlier message", shown)
}

// messages writes a page and a picture for each service, and returns what it is sent.
func (p *preview) messages(ctx context.Context, name, title string, shown []web.Shown) ([]desk.Message, error) {
	var all []desk.Message
	for i, pane := range services() {
		m := desk.Message{Service: pane.Name}
		for _, s := range shown {
			r := p.sheet.Read(s.Card)[i]
			m.Messages += r.Messages
			if s.Caption != "" {
				m.Text += s.Caption + ":\n\n"
			}
			m.Text += r.Text + "\n"
			m.Sizes = append(m.Sizes, strings.TrimPrefix(strings.ToLower(s.Caption)+": "+strings.Join(r.Sizes, ", "), ": "))
			m.Cut, m.Faults = append(m.Cut, r.Cut...), append(m.Faults, r.Faults...)
		}
		base := name + "-" + strings.ToLower(pane.Name)
		page, err := p.sheet.Page(title, pane.Name, p.at, shown)
		if err != nil {
			return nil, err
		}
		if err := p.write(base+".html", page); err != nil {
			return nil, err
		}
		if m.Picture, err = p.picture(ctx, base, ""); err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

// pictureTakes is how long a browser may take to start, and for a picture.
const pictureTakes = 30 * time.Second

// open starts the browser that makes the pictures, and returns what stops it.
func (p *preview) open(ctx context.Context, name string, wait time.Duration) (stop func()) {
	path, err := findBrowser(name)
	if err == nil {
		p.browser, err = startBrowser(ctx, path, wait)
	}
	if err != nil {
		fmt.Fprintf(p.out.err, "briefbot: no pictures are made: %v\n", err)
		return func() {}
	}
	return p.browser.stop
}

// picture makes a picture of a page, or of a part of it that its address names, and
// returns the picture's name; none where there is no browser. One that fails is not
// asked again.
func (p *preview) picture(ctx context.Context, base, part string) (string, error) {
	if p.browser == nil {
		return "", nil
	}
	page, name := filepath.Join(p.dir, base+".html"), base+".png"
	if part != "" {
		name = base + "-" + part + ".png"
	}
	err := p.browser.picture(page, part, filepath.Join(p.dir, name))
	if err == nil || ctx.Err() != nil {
		return name, ctx.Err()
	}
	fmt.Fprintf(p.out.err, "briefbot: no more pictures are made: %v\n", err)
	p.browser = nil
	return "", nil
}

func (p *preview) write(name string, data []byte) error {
	if err := os.WriteFile(filepath.Join(p.dir, name), data, 0o644); err != nil {
		return fmt.Errorf("writing the preview: %w", err)
	}
	return nil
}
