// Package desk is what editors use at their desk, beside what readers see. It never
// reads YAML: package brief does.
//
// A [Patch] is a change that somebody proposes to a brief, as a mail that git am takes.
package desk
