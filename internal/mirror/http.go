package mirror

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
)

const (
	// tokenUser is the user name that goes with a token. GitHub, GitLab, Gitea and
	// Forgejo take any; where another is needed, it stands in the address.
	tokenUser = "x-access-token"

	// maxAdvertisement is the most in bytes that the list of a repository's branches
	// and tags may take.
	maxAdvertisement = 64 << 20
	// maxExcuse is the most in bytes of what a host says with a refusal that is read.
	maxExcuse = 4 << 10

	refsSuffix    = "/info/refs"
	uploadPack    = "git-upload-pack"
	advertisement = "application/x-git-upload-pack-advertisement"
)

// An httpWire speaks git's smart HTTP protocol:
// https://git-scm.com/docs/http-protocol.
type httpWire struct {
	client *http.Client
	base   *url.URL // without a slash at the end and without who asks
	user   *url.Userinfo
	token  bool // the password is the token
}

// httpDialer returns what begins conversations with the host of an address. They
// share connections, but nothing with the rest of the program.
func httpDialer(a Address, token string) dialer {
	w := httpWire{user: a.url.User, token: token != ""}
	switch {
	case token != "" && a.url.User.Username() != "":
		w.user = url.UserPassword(a.url.User.Username(), token)
	case token != "":
		w.user = url.UserPassword(tokenUser, token)
	}
	base := *a.url
	base.User = nil
	base.Path = strings.TrimSuffix(base.Path, "/")
	base.RawPath = strings.TrimSuffix(base.RawPath, "/")
	w.base = &base
	w.client = &http.Client{
		Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: connectTime}).DialContext,
			TLSHandshakeTimeout:   connectTime,
			ResponseHeaderTimeout: time.Minute, // a large repository is thought over
			IdleConnTimeout:       time.Minute,
			MaxIdleConnsPerHost:   1,
			ForceAttemptHTTP2:     true,
		},
		CheckRedirect: stayHome,
	}
	return func(context.Context) (wire, error) {
		this := w
		return &this, nil
	}
}

// stayHome follows a redirect only where the host that is asked stays the same and
// what is said to it as secret as before, and only for the list of branches.
func stayHome(next *http.Request, via []*http.Request) error {
	from := via[0].URL
	switch {
	case len(via) >= 5:
		return errors.New("it redirects in a circle")
	case next.Method != http.MethodGet || !strings.HasSuffix(next.URL.Path, refsSuffix):
		return &strayed{to: "a page that is not git's: check the address"}
	case next.URL.Hostname() != from.Hostname():
		return &strayed{to: fmt.Sprintf("another host, %s, which is not told the token: if that is where the repository is now, write that address", next.URL.Host)}
	case next.URL.Scheme == from.Scheme && next.URL.Port() == from.Port():
		return nil
	case from.Scheme == "http" && next.URL.Scheme == "https" && from.Port() == "" && next.URL.Port() == "":
		return nil
	}
	return &strayed{to: fmt.Sprintf("%s://%s, which is not told the token: if that is where the repository is now, write that address", next.URL.Scheme, next.URL.Host)}
}

// A strayed error is a redirect that is not followed.
type strayed struct{ to string }

func (e *strayed) Error() string { return "the host redirects to " + e.to }

func (w *httpWire) advertise(ctx context.Context) (*packp.AdvRefs, error) {
	response, err := w.do(ctx, http.MethodGet, refsSuffix+"?service="+uploadPack, nil)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if got := response.Header.Get("Content-Type"); got != advertisement {
		return nil, errors.New("what the host answers is not git's smart HTTP protocol: check the address; some hosts need .git at its end")
	}
	// What moved is asked for where it is now.
	moved := *response.Request.URL
	moved.RawQuery, moved.RawPath = "", ""
	moved.Path = strings.TrimSuffix(moved.Path, refsSuffix)
	w.base = &moved
	ad := packp.NewAdvRefs()
	return ad, decodeAdvertisement(ad, response.Body)
}

func (w *httpWire) ask(ctx context.Context, request io.Reader) (io.ReadCloser, error) {
	// With its length known beforehand the request needs no chunks, which some
	// proxies refuse.
	body, err := io.ReadAll(request)
	if err != nil {
		return nil, err
	}
	response, err := w.do(ctx, http.MethodPost, "/"+uploadPack, body)
	if err != nil {
		return nil, err
	}
	return response.Body, nil
}

func (w *httpWire) close() {}

// do sends one request and returns the answer if it is a good one.
func (w *httpWire) do(ctx context.Context, method, suffix string, body []byte) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, w.base.String()+suffix, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("the address cannot be asked for over http")
	}
	request.Header.Set("User-Agent", "git/briefbot")
	if body != nil {
		request.Header.Set("Content-Type", "application/x-"+uploadPack+"-request")
		request.Header.Set("Accept", "application/x-"+uploadPack+"-result")
	}
	if w.user != nil {
		password, _ := w.user.Password()
		request.SetBasicAuth(w.user.Username(), password)
	}
	response, err := w.client.Do(request)
	if err != nil {
		return nil, w.unreached(ctx, err)
	}
	if response.StatusCode != http.StatusOK {
		defer response.Body.Close()
		return nil, w.refused(response)
	}
	return response, nil
}

// unreached says why there was no answer. The library's error has the address in it,
// which is said elsewhere.
func (w *httpWire) unreached(ctx context.Context, err error) error {
	if away := new(strayed); errors.As(err, &away) {
		return away
	}
	if ctx.Err() != nil {
		return passing(context.Cause(ctx))
	}
	if wrapped := new(url.Error); errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	if bad := new(tls.CertificateVerificationError); errors.As(err, &bad) {
		return fmt.Errorf("the host's certificate is not one that this machine trusts: check the address in --briefs, and have a host of your own show a certificate of an authority that is installed here: %w", bad.Err)
	}
	if strings.Contains(err.Error(), "server gave HTTP response to HTTPS client") {
		return errors.New("the host does not speak https at that port: check the address in --briefs")
	}
	return passing(unanswered("the host does not answer", err))
}

// refused says what a status other than 200 means, and which setting to look at.
func (w *httpWire) refused(response *http.Response) error {
	excuse, _ := io.ReadAll(io.LimitReader(response.Body, maxExcuse))
	said := ""
	if strings.HasPrefix(response.Header.Get("Content-Type"), "text/plain") && len(bytes.TrimSpace(excuse)) > 0 {
		said = fmt.Sprintf(" (it says: %s)", oneLine(string(excuse)))
	}
	status := response.StatusCode
	switch {
	case status == http.StatusUnauthorized && w.user == nil:
		return fmt.Errorf("the host answers 401: it wants to know who asks, or there is no such repository: set BRIEFBOT_BRIEFS_TOKEN, or --briefs-token-file, to a token that may read it%s", said)
	case status == http.StatusUnauthorized && w.token:
		return fmt.Errorf("the host answers 401: it does not take the token for the user %q: see that the token of --briefs-token-file has not run out, and write the user before the host if the token belongs to one (https://USER@…)%s", w.user.Username(), said)
	case status == http.StatusUnauthorized:
		return fmt.Errorf("the host answers 401: it does not take the user and password of the address%s", said)
	case status == http.StatusForbidden:
		return fmt.Errorf("the host answers 403: who asks may not read the repository: give the token of --briefs-token-file the right to read its contents%s", said)
	case status == http.StatusNotFound && w.user == nil:
		return fmt.Errorf("the host answers 404: there is no such repository, or it is private: check the address in --briefs, and set BRIEFBOT_BRIEFS_TOKEN or --briefs-token-file if it is private%s", said)
	case status == http.StatusNotFound:
		return fmt.Errorf("the host answers 404: there is no such repository for this token: check the address in --briefs, and that the token of --briefs-token-file may read it%s", said)
	case status == http.StatusTooManyRequests || status >= 500 || status == http.StatusRequestTimeout:
		return passing(fmt.Errorf("the host answers %s%s", response.Status, said))
	}
	return fmt.Errorf("the host answers %s%s", response.Status, said)
}
