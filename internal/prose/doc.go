// Package prose hides the small Markdown that dossiers are written in: paragraphs,
// emphasis, links, lists, quotes, code and citations become styled text.
package prose
