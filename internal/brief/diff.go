package brief

// Diff returns what changed for readers between two snapshots, in the order of
// stories, sections, and dates or positions. A nil before makes every dossier of
// after an opened one.
func Diff(before, after *Snapshot) []Change { return nil }

// DiffDossier returns what changed for readers between two versions of a dossier,
// in the order of sections, and dates or positions. With a nil before it is
// DossierOpened alone, with a nil after DossierRemoved alone. Items are compared
// by id, each makes at most one change, and what does not change the text read
// (order, layout, quoting, the wrapping of lines, a default written out) is none.
func DiffDossier(before, after *Dossier) []Change { return nil }

func sectionOf(k ChangeKind) section { return section{} }

type section struct{ name string }
