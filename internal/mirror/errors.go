package mirror

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"time"
	"unicode"

	"github.com/go-git/go-git/v5/plumbing/format/pktline"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
)

// connectTime is how long a host may take to take a call.
const connectTime = 15 * time.Second

var (
	// ErrPassing is wrapped by the error of a fetch that may work next time though
	// nobody does anything: the host cannot be reached, or is busy.
	ErrPassing = errors.New("it may pass")
	// ErrEmpty is wrapped by the error of a fetch from a repository without a commit.
	ErrEmpty = errors.New("the repository is empty: commit a brief and push it")
)

// A passingError is one that may pass.
type passingError struct{ err error }

func (e *passingError) Error() string   { return e.err.Error() }
func (e *passingError) Unwrap() []error { return []error{e.err, ErrPassing} }

func passing(err error) error { return &passingError{err} }

// localEnd is this machine's end of a connection, which is another one each time.
var localEnd = regexp.MustCompile(`\S+:[0-9]+->`)

// unanswered says what failed and why, in the same words as long as that stays the same.
func unanswered(what string, err error) error {
	return errors.New(what + ": " + localEnd.ReplaceAllString(err.Error(), ""))
}

// isCut says whether an error is a connection that ended before its time.
func isCut(err error) bool {
	var network net.Error
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &network)
}

// oneLine makes what a stranger said fit to be shown: short, on one line, and without
// anything that a terminal would act on.
func oneLine(s string) string {
	const shown = 300
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "�"), func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if runes := []rune(s); len(runes) > shown {
		s = string(runes[:shown]) + "…"
	}
	return s
}

// decodeAdvertisement reads what a host offers.
func decodeAdvertisement(ad *packp.AdvRefs, from io.Reader) error {
	err := ad.Decode(io.LimitReader(from, maxAdvertisement))
	var line *pktline.ErrorLine
	switch {
	case errors.Is(err, packp.ErrEmptyAdvRefs) || err == nil && ad.IsEmpty():
		return ErrEmpty
	case errors.As(err, &line):
		return fmt.Errorf("the host refuses: %s", oneLine(line.Text))
	case errors.Is(err, packp.ErrEmptyInput):
		return passing(errors.New("the host ends the conversation before it says anything"))
	case err != nil:
		if unexpected := new(packp.ErrUnexpectedData); errors.As(err, &unexpected) && bytes.ContainsRune(unexpected.Data, '<') {
			return errors.New("what the host answers is a web page, not git")
		}
		return passing(unanswered("reading what the host offers", err))
	}
	return nil
}
