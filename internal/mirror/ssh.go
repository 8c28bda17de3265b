package mirror

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"
)

// An sshWire speaks git's protocol to a command that an ssh host runs.
type sshWire struct {
	client  *ssh.Client
	session *ssh.Session
	stdin   io.WriteCloser
	stdout  io.Reader
	said    *excuse
	stop    func() bool
}

// An excuse keeps the beginning of what a command writes about its troubles.
type excuse struct {
	mu   sync.Mutex
	text strings.Builder
}

func (e *excuse) Write(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.text.Len() < maxExcuse {
		e.text.Write(p[:min(len(p), maxExcuse-e.text.Len())])
	}
	return len(p), nil
}

func (e *excuse) String() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return oneLine(e.text.String())
}

// sshDialer returns what begins conversations with the host of an address, with the
// key in a file, and with the hosts in another; none given: as ssh has them. Both are
// read each time, so that they may be replaced.
func sshDialer(a Address, keyFile, hostsFile string) dialer {
	return func(ctx context.Context) (wire, error) {
		key, err := readKey(keyFile)
		if err != nil {
			return nil, err
		}
		hosts, err := readHosts(hostsFile)
		if err != nil {
			return nil, err
		}
		port := a.url.Port()
		if port == "" {
			port = "22"
		}
		address := net.JoinHostPort(a.url.Hostname(), port)
		return dialSSH(ctx, address, &ssh.ClientConfig{
			User:              userOf(a),
			Auth:              []ssh.AuthMethod{ssh.PublicKeys(key)},
			HostKeyCallback:   hostCheck(hosts, address),
			HostKeyAlgorithms: hosts.HostKeyAlgorithms(address),
		}, a.url.Path)
	}
}

func userOf(a Address) string {
	if user := a.url.User.Username(); user != "" {
		return user
	}
	return "git"
}

// readKey returns the private key in a file.
func readKey(path string) (ssh.Signer, error) {
	if path == "" {
		return nil, errors.New("an ssh address needs a key: name its file with --briefs-key-file")
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the ssh key: %w", err)
	}
	key, err := ssh.ParsePrivateKey(data)
	var locked *ssh.PassphraseMissingError
	switch {
	case errors.As(err, &locked):
		return nil, fmt.Errorf("the ssh key %s has a passphrase, and nobody is here to type it: make a key without one for briefbot alone (ssh-keygen -t ed25519 -N '') and let it read the repository", path)
	case err != nil:
		return nil, fmt.Errorf("%s holds no private ssh key: name the file without .pub that ssh-keygen wrote", path)
	}
	return key, nil
}

// readHosts returns the known hosts of a file, or of this user and this machine.
func readHosts(path string) (*knownhosts.HostKeyDB, error) {
	paths := []string{path}
	if path == "" {
		paths = usualHosts()
	}
	if len(paths) == 0 {
		return nil, errors.New("no ssh host is known: write its line into a file (ssh-keyscan HOST, compared with what the host publishes) and name that with --briefs-known-hosts")
	}
	hosts, err := knownhosts.NewDB(paths...)
	if err != nil {
		return nil, fmt.Errorf("reading the known ssh hosts: %w", err)
	}
	return hosts, nil
}

// usualHosts returns where ssh keeps the hosts that it knows.
func usualHosts() []string {
	var paths []string
	candidates := []string{"/etc/ssh/ssh_known_hosts"}
	if home, err := os.UserHomeDir(); err == nil {
		candidates = append(candidates, filepath.Join(home, ".ssh", "known_hosts"))
	}
	for _, path := range candidates {
		if _, err := os.Stat(path); err == nil {
			paths = append(paths, path)
		}
	}
	return paths
}

// hostCheck refuses every host key but the one that is known.
func hostCheck(hosts *knownhosts.HostKeyDB, address string) ssh.HostKeyCallback {
	check := hosts.HostKeyCallback()
	return func(name string, remote net.Addr, key ssh.PublicKey) error {
		err := check(name, remote, key)
		print := ssh.FingerprintSHA256(key)
		switch {
		case err == nil:
			return nil
		case knownhosts.IsHostUnknown(err):
			return &stranger{fmt.Sprintf("the ssh host %s is not known: it shows the %s key %s; compare that with what the host publishes and add its line to the file of --briefs-known-hosts (ssh-keyscan writes one)", address, key.Type(), print)}
		case knownhosts.IsHostKeyChanged(err):
			return &stranger{fmt.Sprintf("the ssh host %s shows another key than the one that is known, %s %s: somebody may be in between; if the host did change its key, put the new line into the file of --briefs-known-hosts", address, key.Type(), print)}
		}
		return &stranger{fmt.Sprintf("the key of the ssh host %s is not taken: %v", address, err)}
	}
}

// A stranger error is a host whose key is not known.
type stranger struct{ message string }

func (e *stranger) Error() string { return e.message }

// dialSSH connects and has the host run what serves the repository at path.
func dialSSH(ctx context.Context, address string, config *ssh.ClientConfig, path string) (wire, error) {
	conn, err := (&net.Dialer{Timeout: connectTime}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, passing(unanswered("the ssh host does not answer", err))
	}
	// The library knows no context: whoever waits for the host is let go by this.
	w := &sshWire{said: new(excuse), stop: context.AfterFunc(ctx, func() { _ = conn.Close() })}
	if err := w.open(conn, address, config, path); err != nil {
		w.close()
		_ = conn.Close()
		if ctx.Err() != nil {
			return nil, passing(context.Cause(ctx))
		}
		return nil, err
	}
	return w, nil
}

func (w *sshWire) open(conn net.Conn, address string, config *ssh.ClientConfig, path string) error {
	c, channels, requests, err := ssh.NewClientConn(conn, address, config)
	if err != nil {
		return handshake(err)
	}
	w.client = ssh.NewClient(c, channels, requests)
	if w.session, err = w.client.NewSession(); err != nil {
		return passing(fmt.Errorf("opening an ssh session: %w", err))
	}
	if w.stdin, err = w.session.StdinPipe(); err != nil {
		return err
	}
	if w.stdout, err = w.session.StdoutPipe(); err != nil {
		return err
	}
	w.session.Stderr = w.said
	if err := w.session.Start(uploadPack + " " + quote(path)); err != nil {
		return fmt.Errorf("the ssh host does not run %s: %w", uploadPack, err)
	}
	return nil
}

// handshake says why an ssh connection did not come about.
func handshake(err error) error {
	if unknown := new(stranger); errors.As(err, &unknown) {
		return unknown
	}
	if strings.Contains(err.Error(), "unable to authenticate") {
		return errors.New("the ssh host does not take the key: add the public half of --briefs-key-file to the repository as a deploy key that may read, and check the user before the @")
	}
	return passing(unanswered("connecting to the ssh host", err))
}

// quote makes one word of a path for the shell that the host may have, as git does.
func quote(path string) string {
	return "'" + strings.NewReplacer(`'`, `'\''`, `!`, `'\!'`).Replace(path) + "'"
}

func (w *sshWire) advertise(ctx context.Context) (*packp.AdvRefs, error) {
	ad := packp.NewAdvRefs()
	if err := decodeAdvertisement(ad, w.stdout); err != nil {
		return nil, w.explain(ctx, err)
	}
	return ad, nil
}

func (w *sshWire) ask(ctx context.Context, request io.Reader) (io.ReadCloser, error) {
	if _, err := io.Copy(w.stdin, request); err != nil {
		return nil, w.explain(ctx, err)
	}
	if err := w.stdin.Close(); err != nil {
		return nil, w.explain(ctx, err)
	}
	return io.NopCloser(w.stdout), nil
}

// explain says what went wrong with what the host says of it, if anything.
func (w *sshWire) explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return passing(context.Cause(ctx))
	}
	if errors.Is(err, ErrEmpty) {
		return err
	}
	_ = w.session.Wait() // only then is all said
	switch said := w.said.String(); {
	case strings.Contains(said, "not found") || strings.Contains(said, "does not appear to be a git repository") || strings.Contains(said, "could not be found"):
		return fmt.Errorf("the ssh host has no such repository, or the key of --briefs-key-file may not read it: check the address in --briefs (it says: %s)", said)
	case said != "":
		return fmt.Errorf("the ssh host refuses (it says: %s)", said)
	}
	return passing(err)
}

func (w *sshWire) close() {
	if w.stop != nil {
		w.stop()
	}
	if w.session != nil {
		_ = w.session.Close() // the host may be gone already
	}
	if w.client != nil {
		_ = w.client.Close()
	}
}
