package chat

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

// A Call is a command's name and arguments: what a slash command, a typed line
// and a button press all become.
type Call struct {
	Name string `json:"name"`
	Args []Arg  `json:"args,omitempty"`
}

// An Arg is one argument of a call.
type Arg struct {
	Option string `json:"option,omitempty"` // empty: given by position
	Value  string `json:"value"`
}

// NewCall returns a call with positional values, leaving out empty ones at the
// end.
func NewCall(name string, values ...string) Call {
	for len(values) > 0 && values[len(values)-1] == "" {
		values = values[:len(values)-1]
	}
	c := Call{Name: name}
	for _, v := range values {
		c.Args = append(c.Args, Arg{Value: v})
	}
	return c
}

// With returns c with one more named argument, or c itself if value is empty.
func (c Call) With(option, value string) Call {
	if value == "" {
		return c
	}
	c.Args = append(c.Args[:len(c.Args):len(c.Args)], Arg{Option: option, Value: value})
	return c
}

// String returns the call in its typed form, without the leading slash:
// “timeline us-nss-2025 after=moscow-talks”. [ParseCall] reads it back.
func (c Call) String() string {
	var b strings.Builder
	b.WriteString(c.Name)
	for _, a := range c.Args {
		b.WriteByte(' ')
		if a.Option != "" {
			b.WriteString(a.Option)
			b.WriteByte('=')
		}
		b.WriteString(quote(a.Value, a.Option == ""))
	}
	return b.String()
}

// MaxData is the most bytes a button may carry: Telegram's limit for callback
// data (https://core.telegram.org/bots/api#inlinekeyboardbutton), the smallest.
const MaxData = 64

// Short returns call itself where it fits in [MaxData] bytes, and otherwise a
// tilde and its [Ticket]. Whoever shows a button under a short name keeps the call
// under that name.
func Short(call string) string {
	if len(call) <= MaxData {
		return call
	}
	return "~" + Ticket(call)
}

// Ticket returns the name under which a call is kept: the first 16 base64url
// characters of its SHA-256. A deep link carries it as it is, a button with a
// tilde before it.
func Ticket(call string) string {
	sum := sha256.Sum256([]byte(call))
	return base64.RawURLEncoding.EncodeToString(sum[:])[:ticketLength]
}

const ticketLength = 16

// isTicket says that s has the form of a [Ticket].
func isTicket(s string) bool {
	return len(s) == ticketLength && strings.IndexFunc(s, func(r rune) bool {
		return r != '-' && r != '_' && (r >= utf8.RuneSelf || !isAlphanumeric(byte(r)))
	}) < 0
}
