// Package prose hides the small Markdown that dossiers are written in: it turns
// it into styled text.
package prose
