package mirror

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/go-git/go-git/v5/plumbing/format/pktline"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/sideband"
	"github.com/go-git/go-git/v5/plumbing/transport"
)

// A wire is a conversation with a host about one repository: first what there is, then
// at most once what is wanted of it. https://git-scm.com/docs/pack-protocol.
type wire interface {
	// advertise returns what the host offers.
	advertise(ctx context.Context) (*packp.AdvRefs, error)
	// ask sends a request and returns the answer to it from its beginning.
	ask(ctx context.Context, request io.Reader) (io.ReadCloser, error)
	close()
}

// A dialer begins a conversation.
type dialer func(ctx context.Context) (wire, error)

// receive asks for what request wants and writes the pack that comes to into. It
// returns the commits that the host calls shallow.
func receive(ctx context.Context, w wire, request *packp.UploadPackRequest, into func(io.Reader) error) (*packp.ShallowUpdate, error) {
	body, writer := io.Pipe()
	go func() { writer.CloseWithError(encode(writer, request)) }()
	defer body.Close()
	answer, err := w.ask(ctx, body)
	if err != nil {
		return nil, err
	}
	response := packp.NewUploadPackResponse(request)
	defer answer.Close()
	if err := response.Decode(answer); err != nil {
		return nil, refusal(err)
	}
	var pack io.Reader = response
	switch {
	case request.Capabilities.Supports(capability.Sideband64k):
		pack = sideband.NewDemuxer(sideband.Sideband64k, response)
	case request.Capabilities.Supports(capability.Sideband):
		pack = sideband.NewDemuxer(sideband.Sideband, response)
	}
	return &response.ShallowUpdate, into(pack)
}

// encode writes a request with everything that there is to say: no further round is
// needed, since at most one commit is known that the host may know too.
func encode(w io.Writer, request *packp.UploadPackRequest) error {
	if err := request.UploadRequest.Encode(w); err != nil {
		return err
	}
	if err := request.UploadHaves.Encode(w, false); err != nil {
		return err
	}
	return pktline.NewEncoder(w).EncodeString("done\n")
}

// request returns a request for what an advertisement offers.
func newRequest(ad *packp.AdvRefs) *packp.UploadPackRequest {
	// What is left out here the library can read only in part.
	transport.FilterUnsupportedCapabilities(ad.Capabilities)
	request := packp.NewUploadPackRequestFromCapabilities(ad.Capabilities)
	if ad.Capabilities.Supports(capability.NoProgress) {
		_ = request.Capabilities.Set(capability.NoProgress)
	}
	return request
}

// refusal says what the host has against a request.
func refusal(err error) error {
	var line *pktline.ErrorLine
	if errors.As(err, &line) {
		return fmt.Errorf("the host refuses: %s", oneLine(line.Text))
	}
	if isCut(err) {
		return passing(unanswered("the host ceased to answer", err))
	}
	return fmt.Errorf("reading the host's answer: %w", err)
}
