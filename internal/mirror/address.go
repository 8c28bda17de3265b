package mirror

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
)

// An Address says which branch of which repository is read. The zero value is none.
type Address struct {
	// Branch is the branch's name; empty: the one that the host shows first.
	Branch string
	// Folder is the folder that is of interest, with slashes and without one at
	// either end; empty: whichever is usual.
	Folder string

	url  *url.URL // with scheme http, https or ssh; nil for a repository on this machine
	path string   // of a repository on this machine
	text string   // as written, without a password
}

// scpForm is how git may write an ssh address without a scheme: git@example.org:briefs.
var scpForm = regexp.MustCompile(`^([^/@:\s]+)@(\[[0-9A-Fa-f:.]+\]|[^/@:\s]+):(.+)$`)

// passwordForm is how somebody may write a password into an address without a scheme,
// which git would take for a host's name.
var passwordForm = regexp.MustCompile(`^[^/@\s]*:[^@\s]*@`)

// IsAddress reports whether a text is meant as the address of a git repository, right
// or wrong, rather than as the name of a folder.
func IsAddress(s string) bool {
	if strings.Contains(s, "://") || scpForm.MatchString(s) {
		return true
	}
	if info, err := os.Stat(s); err == nil && info.IsDir() {
		return isBare(s)
	}
	return strings.Contains(s, "#") || passwordForm.MatchString(s)
}

// isBare says whether dir is a git repository without a work tree.
func isBare(dir string) bool {
	for _, name := range []string{"HEAD", "objects", "refs"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return false
		}
	}
	return true
}

// ParseAddress reads URL#branch:folder, of which the branch and the folder may each be
// left out. The URL is one that git would take: https://, http://, ssh:// or file://,
// user@host:path, or the path of a repository on this machine. No error repeats what
// was given, as a password may stand in it.
func ParseAddress(s string) (Address, error) {
	location, fragment, _ := strings.Cut(s, "#")
	var a Address
	if err := a.locate(location); err != nil {
		return Address{}, err
	}
	if err := a.choose(fragment); err != nil {
		return Address{}, err
	}
	if fragment != "" {
		a.text += "#" + fragment
	}
	return a, nil
}

// locate reads where the repository is.
func (a *Address) locate(location string) error {
	if strings.Contains(location, "://") {
		return a.locateURL(location)
	}
	if passwordForm.MatchString(location) {
		return errors.New("an address without a scheme takes no password: write https:// before it, and keep the token in the file of --briefs-token-file")
	}
	a.text = location
	if m := scpForm.FindStringSubmatch(location); m != nil {
		a.url = &url.URL{Scheme: "ssh", User: url.User(m[1]), Host: m[2], Path: m[3]}
		return a.checkHost()
	}
	if location == "" {
		return errors.New("there is no repository before the #")
	}
	a.path = location
	return nil
}

func (a *Address) locateURL(location string) error {
	u, err := url.Parse(location)
	if err != nil {
		return errors.New("this is not an address: write one like https://example.org/desk/briefs.git#main:briefs, with %-signs in it written %25")
	}
	a.text = u.Redacted()
	switch u.Scheme {
	case "http", "https":
		// A token may stand where a user does.
		if shown := *u; u.User != nil {
			shown.User = url.User("xxxxx")
			a.text = shown.String()
		}
	case "ssh":
		// As git does it: the path is from the root, or with ~ from a home.
		if strings.HasPrefix(u.Path, "/~") {
			u.Path = u.Path[1:]
		}
		if _, has := u.User.Password(); has {
			return errors.New("an ssh host takes no password here: name a key with --briefs-key-file")
		}
	case "file":
		if u.User != nil || u.Host != "" && u.Host != "localhost" {
			return errors.New("a file:// address has three slashes and a path: file:///srv/briefs.git")
		}
		a.path = filepath.FromSlash(u.Path)
		return nil
	case "git":
		return errors.New("git:// is neither encrypted nor signed: use https:// or ssh://")
	default:
		return fmt.Errorf("%s:// is not a way to a git repository: use https://, ssh:// or file://", u.Scheme)
	}
	if u.RawQuery != "" {
		return errors.New("a repository's address has no query: leave out what begins with the question mark")
	}
	a.url = u
	return a.checkHost()
}

func (a *Address) checkHost() error {
	switch {
	case a.url.Hostname() == "":
		return errors.New("the address names no host")
	case strings.HasPrefix(a.url.Host, "-") || strings.HasPrefix(a.url.Path, "-") || strings.HasPrefix(a.url.User.Username(), "-"):
		return errors.New("nothing in the address may begin with a hyphen")
	case strings.Trim(a.url.Path, "/") == "":
		return errors.New("the address names a host but no repository on it")
	case strings.ContainsAny(a.url.Path, "\x00\r\n"):
		return errors.New("the path of the repository has a line break in it")
	}
	return nil
}

// choose reads branch:folder.
func (a *Address) choose(fragment string) error {
	branch, folder, _ := strings.Cut(fragment, ":")
	a.Branch = strings.TrimPrefix(branch, "refs/heads/")
	if a.Branch != "" {
		if err := plumbing.NewBranchReferenceName(a.Branch).Validate(); err != nil || strings.HasPrefix(a.Branch, "-") {
			return errors.New("what stands after the # cannot be a branch: write branch:folder there, and a # of the address itself as %23")
		}
	}
	if folder = strings.Trim(folder, "/"); folder == "" {
		return nil
	}
	if a.Folder = path.Clean(folder); !fs.ValidPath(a.Folder) || strings.Contains(folder, `\`) {
		return errors.New("what stands after the branch is not a folder of the repository: write it from the top, with slashes, as in #main:desk/briefs")
	}
	return nil
}

// String returns the address as it was written, with any password made unreadable.
func (a Address) String() string { return a.text }

// IsLocal reports whether the repository is on this machine.
func (a Address) IsLocal() bool { return a.url == nil }

// HasPassword reports whether there is a password in the address.
func (a Address) HasPassword() bool {
	if a.url == nil {
		return false
	}
	_, has := a.url.User.Password()
	return has
}

// tokenForm is a user's name that is none, but a token as GitHub, GitLab and others make
// them: it begins as theirs do, or is longer than anybody's name.
var tokenForm = regexp.MustCompile(`^(gh[opsur]_|github_pat_|gl(?:pat|dt|cbt)-).{10}|^.{40}`)

// HasSecret reports whether something in the address lets its reader into the
// repository: a password, or for http and https a user's name that looks like a token.
func (a Address) HasSecret() bool {
	return a.HasPassword() || a.url != nil && a.url.Scheme != "ssh" && tokenForm.MatchString(a.url.User.Username())
}

// InClear reports whether what is said to the host, a token too, may be read by whoever
// is on the way: it is asked over http, and is not this machine.
func (a Address) InClear() bool {
	if a.url == nil || a.url.Scheme != "http" {
		return false
	}
	host := strings.TrimSuffix(a.url.Hostname(), ".")
	ip, err := netip.ParseAddr(host)
	return !strings.EqualFold(host, "localhost") && (err != nil || !ip.Unmap().IsLoopback())
}

// Scheme returns http, https, ssh, or file for a repository on this machine.
func (a Address) Scheme() string {
	if a.url == nil {
		return "file"
	}
	return a.url.Scheme
}

// repository names what is fetched, without who asks: the same for every folder.
func (a Address) repository() string {
	if a.url == nil {
		return a.path
	}
	u := *a.url
	u.User = nil
	if u.Scheme == "ssh" {
		u.User = url.User(a.url.User.Username()) // may be whose home the path begins in
	}
	return u.Scheme + "\x00" + u.User.String() + "\x00" + u.Host + "\x00" + u.Path
}
