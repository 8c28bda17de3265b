package brief

// Decode reads the brief in data. The dossier's id comes from the last part of
// path, which must be <id>.yaml. Items without an id get the slug of their name,
// absent choices (status, importance, announce) their defaults, and the timeline is
// sorted by the first instants of its dates, equal ones in the order of the file.
//
// The problems are all that is wrong with the file, in the order of their
// positions. The dossier is nil if and only if one of them is an error.
func Decode(path string, data []byte) (*Dossier, []Problem) {
	return nil, nil
}
