package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/briefbot/briefbot/internal/chat"
)

// What a client may take, and how much it may send. But for long forms no page
// of ours needs more.
const (
	headerTime  = 5 * time.Second
	requestTime = 15 * time.Second
	answerTime  = time.Minute
	idleTime    = 2 * time.Minute
	headerBytes = 16 << 10
	formBytes   = 16 << 10
	// goodbyeTime is how long answers that have begun may take when Serve ends.
	goodbyeTime = 5 * time.Second
)

// Listen takes the address, so that a caller learns before it serves whether it is
// free, and which port it is. Serve listens by itself where this was not called.
func (w *Web) Listen(ctx context.Context) error {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", w.options.Listen)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("listening for the web pages: %w; is another briefbot running? --listen names another address, or off", err)
	case err != nil:
		return fmt.Errorf("listening for the web pages: %w", err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.listener = listener
	close(w.listened)
	return nil
}

// Close gives the address back where Listen took it and Serve was not called.
func (w *Web) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.listener == nil || w.host != nil {
		return nil
	}
	return w.listener.Close()
}

// Serve listens and answers until ctx is done; then it lets the answers that have
// begun finish. The error is that the address cannot be listened on.
func (w *Web) Serve(ctx context.Context, host chat.Host) error {
	if w.Addr() == "" {
		if err := w.Listen(ctx); err != nil {
			return err
		}
	}
	w.mu.Lock()
	w.host = host
	listener := w.listener
	w.mu.Unlock()
	server := &http.Server{
		Handler:           w.handler(),
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       requestTime,
		WriteTimeout:      answerTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    headerBytes,
		ErrorLog:          slog.NewLogLogger(w.options.Logger.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	failed := make(chan error, 1)
	// The server owns the listener and ends when it is shut down.
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		close(w.done)
		return fmt.Errorf("serving the web pages: %w", err)
	case <-ctx.Done():
	}
	close(w.done) // ends the streams of events, which never finish by themselves
	return w.goodbye(server, failed)
}

// goodbye ends server, after its answers where they are quick.
func (w *Web) goodbye(server *http.Server, failed <-chan error) error {
	ctx, cancel := context.WithTimeout(context.Background(), goodbyeTime)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		server.Close()
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving the web pages: %w", err)
	}
	return nil
}
