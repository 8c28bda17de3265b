package telegram

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// A fault is a request that failed, with all that is known of it.
type fault struct {
	method     string
	status     int    // HTTP status or the service's own code; zero: no answer
	text       string // the service's description in lower case
	said       bool   // the service itself said so
	service    bool   // the answer came whole from the service, not from a proxy
	written    bool   // the request may have reached the service
	retryAfter time.Duration
	migrateTo  int64
	redact     *strings.Replacer
	err        error
}

// Error never holds the token.
func (f *fault) Error() string {
	text := f.err.Error()
	if f.status != 0 && !f.said {
		text = fmt.Sprintf("status %d: %s", f.status, text)
	}
	return f.redact.Replace("telegram " + f.method + ": " + text)
}

// Is tells a cancelled context from other faults. The causes are not handed out
// otherwise: they may hold the token.
func (f *fault) Is(target error) bool {
	return (target == context.Canceled || target == context.DeadlineExceeded) && errors.Is(f.err, target)
}

// has says whether the service's description holds one of the fragments.
func (f *fault) has(fragments ...string) bool {
	for _, s := range fragments {
		if strings.Contains(f.text, s) {
			return true
		}
	}
	return false
}

// faultOf returns the fault within err, or nil.
func faultOf(err error) *fault {
	var f *fault
	errors.As(err, &f)
	return f
}

// retryDefault is how long a refusal for haste is heeded that names no time.
const retryDefault = 5 * time.Second

// retryTime is how long the service asked to wait, if it did.
func retryTime(err error) time.Duration {
	if f := faultOf(err); f != nil {
		return f.retryAfter
	}
	return 0
}

// badToken says whether the service does not know the bot: nothing will work until
// the operators give it another token.
func (f *fault) badToken() bool {
	return f.service && (f.status == http.StatusUnauthorized || f.status == http.StatusNotFound && !f.has("method not found"))
}
