package web

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// A client may give wrongTokens wrong tokens within wrongTime; then none of its is
// looked at until that time is over. One request may count a few times.
const (
	wrongTokens = 30
	wrongTime   = time.Minute
	// maxClients is how many clients are remembered before all are forgotten.
	maxClients = 10_000
)

// Attempts count the wrong tokens that came from each client, so that none can try
// as many as the line carries.
type attempts struct {
	mu    sync.Mutex
	began time.Time
	wrong map[netip.Prefix]int
}

// spent says that a client has given as many wrong tokens as it may.
func (a *attempts) spent(r *http.Request, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.turn(now)
	return a.wrong[clientOf(r)] >= wrongTokens
}

// count notes a wrong token.
func (a *attempts) count(r *http.Request, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.turn(now)
	if len(a.wrong) >= maxClients {
		clear(a.wrong)
	}
	a.wrong[clientOf(r)]++
}

// turn forgets what was counted when its time is over.
func (a *attempts) turn(now time.Time) {
	if a.wrong == nil || now.Sub(a.began) >= wrongTime {
		a.began, a.wrong = now, make(map[netip.Prefix]int)
	}
}

// clientOf is where a request comes from: where it passed a proxy on this machine,
// the last address that is said to be before it, so that one stranger does not use up
// what all may try. Whoever has one address of version 6 has the 64 bits below it too.
func clientOf(r *http.Request) netip.Prefix {
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	ip, err := netip.ParseAddr(host)
	if err == nil && ip.IsLoopback() {
		said := strings.Join(r.Header.Values("X-Forwarded-For"), ",")
		if before, err := netip.ParseAddr(strings.TrimSpace(said[strings.LastIndexByte(said, ',')+1:])); err == nil {
			ip = before
		}
	}
	if err != nil {
		return netip.Prefix{}
	}
	ip, bits := ip.Unmap().WithZone(""), 32
	if ip.Is6() {
		bits = 64
	}
	return netip.PrefixFrom(ip, bits).Masked()
}
