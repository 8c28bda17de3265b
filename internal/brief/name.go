package brief

import (
	"path/filepath"
	"strings"

	"golang.org/x/text/language"
)

// nameKind is what a file's name says that the file is.
type nameKind int

const (
	otherFile       nameKind = iota // not a brief: ignored with a warning
	hiddenFile                      // a dot file, an editor's lock or backup: ignored without one
	briefFile                       // <id>.yaml
	translationFile                 // <id>.<language>.yaml
	misnamedFile                    // a .yaml file whose name is no id
)

const (
	briefExt = ".yaml"

	// maxStoryID is the length of the longest dossier id (contract §2).
	maxStoryID = 32

	// maxItemID is the length of the longest id of an item (contract §2).
	maxItemID = 64

	// allStories is the word that stands for every story in chat, so no story
	// may be called that.
	allStories = "all"
)

// briefName says what the file at path is by its name alone, and for a brief or a
// translation the id of its dossier.
func briefName(path string) (id string, kind nameKind) {
	base := filepath.Base(path)
	if strings.HasPrefix(base, ".") || strings.HasPrefix(base, "#") || strings.HasSuffix(base, "~") {
		return "", hiddenFile
	}
	stem, ok := strings.CutSuffix(base, briefExt)
	if !ok {
		return "", otherFile
	}
	if isStoryID(stem) {
		return stem, briefFile
	}
	id, tag, ok := strings.Cut(stem, ".")
	if !ok || !isStoryID(id) {
		return "", misnamedFile
	}
	if _, err := language.Parse(tag); err != nil {
		return "", misnamedFile
	}
	return id, translationFile
}

// isStoryID reports whether s may be the id of a dossier.
func isStoryID(s string) bool {
	return isID(s, maxStoryID) && s != allStories
}

// isID reports whether s is [a-z0-9][a-z0-9-]* and no longer than limit.
func isID(s string, limit int) bool {
	if s == "" || len(s) > limit || s[0] == '-' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}
