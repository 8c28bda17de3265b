package mirror

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// An sshHost is a real ssh server on this machine that lets one key in.
type sshHost struct {
	t    *testing.T
	dir  string
	port string
	user string
}

func newSSHHost(t *testing.T) *sshHost {
	t.Helper()
	need(t, "ssh-keygen")
	sshd := need(t, "/usr/sbin/sshd")
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	s := &sshHost{t: t, dir: t.TempDir(), user: me.Username}
	if me.Uid == "0" {
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil { // where root's sshd wants to be
			t.Fatal(err)
		}
	}
	s.key("host", "")
	s.key("desk", "")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, s.port, _ = net.SplitHostPort(listener.Addr().String())
	listener.Close()
	s.write("config", fmt.Sprintf("Port %s\nListenAddress 127.0.0.1\nHostKey %s\nAuthorizedKeysFile %s\nPidFile none\nUsePAM no\nStrictModes no\n"+
		"PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\n",
		s.port, s.path("host"), s.path("desk.pub")))
	server := exec.CommandContext(t.Context(), sshd, "-D", "-e", "-f", s.path("config"))
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Wait() })
	for deadline := time.Now().Add(20 * time.Second); ; {
		conn, err := net.Dial("tcp", "127.0.0.1:"+s.port)
		if err == nil {
			conn.Close()
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the ssh server does not listen: ", err)
		}
		time.Sleep(20 * time.Millisecond) // it has no other way to say that it listens
	}
	public, err := os.ReadFile(s.path("host.pub"))
	if err != nil {
		t.Fatal(err)
	}
	s.write("known", fmt.Sprintf("[127.0.0.1]:%s %s", s.port, public))
	return s
}

func (s *sshHost) path(name string) string { return filepath.Join(s.dir, name) }

func (s *sshHost) write(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(s.path(name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// key makes a key, with a passphrase or without.
func (s *sshHost) key(name, passphrase string) {
	s.t.Helper()
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", s.path(name)).CombinedOutput(); err != nil {
		s.t.Fatalf("making a key: %v\n%s", err, out)
	}
}

func (s *sshHost) address(repository string) string {
	return fmt.Sprintf("ssh://%s@127.0.0.1:%s%s#main", s.user, s.port, repository)
}

// TestSSH fetches from a real ssh server, which is known by its key and knows ours.
func TestSSH(t *testing.T) {
	h, s := newHost(t), newSSHHost(t)
	address := s.address(filepath.Join(h.root, "desk.git"))
	m, _ := mirrorOf(t, address, t.TempDir(), Options{KeyFile: s.path("desk"), KnownHosts: s.path("known")})
	if got, want := fetched(t, m), h.run(h.clone, "rev-parse", "HEAD"); got != want {
		t.Errorf("it stands at %s, want %s", got, want)
	}
	if want, got := h.push("two"), fetched(t, m); got != want {
		t.Errorf("after a push it stands at %s, want %s", got, want)
	}
	if got, err := reach(t, m, "main~1", "main"); err != nil || got[0] != h.run(h.clone, "rev-parse", "HEAD~1") || got[1] != h.run(h.clone, "rev-parse", "HEAD") {
		t.Errorf("reached: %v, %v", got, err)
	}

	s.key("stranger", "")
	s.key("locked", "a passphrase")
	s.write("none", "")
	other, err := os.ReadFile(s.path("stranger.pub"))
	if err != nil {
		t.Fatal(err)
	}
	s.write("changed", fmt.Sprintf("[127.0.0.1]:%s %s", s.port, other))
	for _, test := range []struct{ name, address, key, hosts, want string }{
		{"another key", address, "stranger", "known", "does not take the key"},
		{"a locked key", address, "locked", "known", "has a passphrase"},
		{"no private key", address, "desk.pub", "known", "holds no private ssh key"},
		{"an unknown host", address, "desk", "none", "is not known"},
		{"a host that changed", address, "desk", "changed", "another key than the one that is known"},
		{"no such repository", s.address("/nowhere.git"), "desk", "known", "--briefs"},
	} {
		a, err := ParseAddress(test.address)
		if err != nil {
			t.Fatal(err)
		}
		m, err := New(a, Options{Dir: t.TempDir(), KeyFile: s.path(test.key), KnownHosts: s.path(test.hosts)})
		if err == nil {
			_, err = m.Fetch(t.Context())
		}
		if err == nil || !strings.Contains(err.Error(), test.want) || errors.Is(err, ErrPassing) {
			t.Errorf("%s: %v, want %q in it, and that it does not pass", test.name, err, test.want)
		}
	}
}
