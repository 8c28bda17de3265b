package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/briefbot/briefbot/internal/brief"
)

type schemaCmd struct{}

// Run carries out “briefbot schema”.
func (schemaCmd) Run(out *console) error {
	schema, err := brief.Schema()
	if err != nil {
		return err
	}
	fmt.Fprint(out.out, string(schema))
	return nil
}

type versionCmd struct{}

// Run carries out “briefbot version”.
func (versionCmd) Run(out *console) error {
	fmt.Fprintf(out.out, "briefbot %s\ncommit %s\n%s %s/%s\n", version(), commit(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return nil
}

// version returns the module's version as the build knows it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "development"
	}
	return info.Main.Version
}

// commit returns the commit that was built, where the build knows it.
func commit() string {
	revision, modified := "unknown", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				revision = s.Value
			case s.Key == "vcs.modified" && s.Value == "true":
				modified = ", with changes"
			}
		}
	}
	return revision + modified
}

type healthCmd struct{}

// Run carries out “briefbot health”: the check of a container that has no shell.
func (healthCmd) Run(ctx context.Context, s *settings, out *console) error {
	if s.Listen == "off" {
		return fmt.Errorf("--listen is off: there is nothing to ask")
	}
	host, port, err := net.SplitHostPort(s.Listen)
	if err != nil {
		return fmt.Errorf("reading --listen: %w", err)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	ctx, cancel := context.WithTimeout(ctx, 4*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/readyz", nil)
	if err != nil {
		return fmt.Errorf("asking for health: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("asking for health: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("briefbot is not ready: %s", response.Status)
	}
	fmt.Fprintln(out.out, "ready")
	return nil
}
