package prose

import (
	"bytes"
	"sync"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// smallMarkdown is the parser of the small Markdown. It leaves out what CommonMark
// has beyond it and what would hide text: link definitions, blocks of HTML and of
// code, which an indented line would make by accident. Making it costs more than
// parsing a paragraph, so there is one; it keeps nothing from one text to the next,
// and many may use it at once.
var smallMarkdown = sync.OnceValue(func() parser.Parser {
	return parser.NewParser(
		parser.WithBlockParsers(
			util.Prioritized(parser.NewSetextHeadingParser(), 100),
			util.Prioritized(parser.NewThematicBreakParser(), 200),
			util.Prioritized(shallow{parser.NewListParser()}, 300),
			util.Prioritized(parser.NewListItemParser(), 400),
			util.Prioritized(parser.NewATXHeadingParser(), 600),
			util.Prioritized(shallow{parser.NewBlockquoteParser()}, 800),
			util.Prioritized(paragraphParser{parser.NewParagraphParser()}, 1000),
		),
		parser.WithInlineParsers(
			util.Prioritized(parser.NewCodeSpanParser(), 100),
			util.Prioritized(citationParser{}, 150), // before links
			util.Prioritized(parser.NewLinkParser(), 200),
			util.Prioritized(parser.NewAutoLinkParser(), 300),
			util.Prioritized(parser.NewRawHTMLParser(), 400),
			util.Prioritized(parser.NewEmphasisParser(), 500),
			util.Prioritized(extension.NewStrikethroughParser(), 500),
		),
	)
})

// A paragraphParser also begins a paragraph at a line that CommonMark would take
// for code.
type paragraphParser struct{ parser.BlockParser }

// CanAcceptIndentedLine implements parser.BlockParser.
func (paragraphParser) CanAcceptIndentedLine() bool { return true }

// maxDepth is how deep lists and quotes may stand in each other. The parser takes
// time with the square of the depth and more: a line of 20 KB nested as deep as it
// can be took over half a minute.
const maxDepth = 16

// shallow opens no block where maxDepth are open already.
type shallow struct{ parser.BlockParser }

// Open implements parser.BlockParser.
func (s shallow) Open(parent ast.Node, reader text.Reader, pc parser.Context) (ast.Node, parser.State) {
	depth := 0
	for n := parent; n != nil; n = n.Parent() {
		if depth++; depth > maxDepth {
			return nil, parser.NoChildren
		}
	}
	return s.BlockParser.Open(parent, reader, pc)
}

// A citation is a node for [^id].
type citation struct {
	ast.BaseInline
	id string
}

// Kind implements ast.Node.
func (*citation) Kind() ast.NodeKind { return ast.KindText }

// Dump implements ast.Node.
func (n *citation) Dump(source []byte, level int) {
	ast.DumpHelper(n, source, level, map[string]string{"id": n.id}, nil)
}

// citationParser reads [^id], where id is a source's: [a-z0-9][a-z0-9-]*.
type citationParser struct{}

// Trigger implements parser.InlineParser.
func (citationParser) Trigger() []byte { return []byte{'['} }

// Parse implements parser.InlineParser.
func (citationParser) Parse(_ ast.Node, block text.Reader, _ parser.Context) ast.Node {
	line, _ := block.PeekLine()
	rest, ok := bytes.CutPrefix(line, []byte("[^"))
	id, _, closed := bytes.Cut(rest, []byte("]"))
	if !ok || !closed || !isID(id) {
		return nil
	}
	block.Advance(len("[^]") + len(id))
	return &citation{id: string(id)}
}

func isID(id []byte) bool {
	for i, b := range id {
		if !('a' <= b && b <= 'z' || '0' <= b && b <= '9' || i > 0 && b == '-') {
			return false
		}
	}
	return len(id) > 0
}
