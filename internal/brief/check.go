package brief

// Check reads the briefs at paths, each a file or a folder of briefs, and returns
// everything wrong with them in the order of path and position: what Decode finds,
// files in a folder that are no briefs, and references to dossiers that do not
// exist. The error is about a path that cannot be read at all.
func Check(paths ...string) ([]Problem, error) {
	return nil, nil
}
