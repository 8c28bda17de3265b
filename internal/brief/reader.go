package brief

import "slices"

// A Policy says who may read what. The zero Policy is open and knows no groups.
type Policy struct {
	// Closed shuts out whoever is in no group.
	Closed bool
	// Groups are the groups that audiences name, each with its members as the
	// configuration writes them: telegram:4242, discord-role:GUILD/ROLE.
	Groups map[string][]string
}

// Reader returns s as somebody sees it who is all of the subjects: a person, a
// room, the holder of a role. A dossier without an audience is for everyone
// admitted, any other for the members of a group that its audience names; a group
// that the policy does not know has none. A Reader is cheap: make one for every
// question.
func (p *Policy) Reader(s *Snapshot, subjects ...string) *Reader {
	r := &Reader{snapshot: s, admitted: p == nil || !p.Closed}
	look := s.lookout()
	var groups []string
	if p != nil {
		is := among(subjects)
		for name, members := range p.Groups {
			if (!r.admitted || look.audiences[name]) && slices.ContainsFunc(members, is) {
				r.admitted = true
				groups = append(groups, name)
			}
		}
	}
	if r.admitted {
		r.view = look.view(groups)
	}
	return r
}

// among returns what says whether a subject is one of subjects: somebody may have
// hundreds of roles, and a group thousands of members.
func among(subjects []string) func(string) bool {
	if len(subjects) <= 4 {
		return func(who string) bool { return slices.Contains(subjects, who) }
	}
	set := make(map[string]bool, len(subjects))
	for _, who := range subjects {
		set[who] = true
	}
	return func(who string) bool { return set[who] }
}

// Unrestricted returns s as an operator sees it.
func Unrestricted(s *Snapshot) *Reader {
	return &Reader{snapshot: s, view: s.lookout().all, admitted: true}
}

// A Reader is a snapshot seen through one asker's groups. What the asker may not
// see does not exist for it, and every method answers as it does for what was
// never written. The nil Reader sees nothing. Many may use one at once.
type Reader struct {
	snapshot *Snapshot
	view     *view
	admitted bool
}

// Admitted says whether the asker may use the bot at all.
func (r *Reader) Admitted() bool { return r != nil && r.admitted }

// Revision is that of the snapshot.
func (r *Reader) Revision() string {
	if r == nil {
		return ""
	}
	return r.snapshot.Revision()
}

// Stories returns the dossiers that the asker may see, by title.
func (r *Reader) Stories() []*Dossier {
	return dossiersOf(r.titled())
}

// titled returns what the asker may see, by title.
func (r *Reader) titled() []*record {
	if r == nil || r.view == nil {
		return nil
	}
	return r.view.titled
}

// records returns what the asker may see, newest first.
func (r *Reader) records() []*record {
	if r == nil || r.view == nil {
		return nil
	}
	return r.view.recent
}

// Story returns the dossier with this id. It answers alike whether there is none
// or the asker may not see it.
func (r *Reader) Story(id string) (*Dossier, bool) {
	if r == nil {
		return nil, false
	}
	rec := r.snapshot.record(id)
	if rec == nil || !r.view.shows(rec.dossier) {
		return nil, false
	}
	return rec.dossier, true
}

// Broken says whether the dossier with this id is served in its last good
// version.
func (r *Reader) Broken(id string) bool {
	_, ok := r.Story(id)
	return ok && r.snapshot.Broken(id)
}

// Related returns the dossiers that d names as related, in its order.
func (r *Reader) Related(d *Dossier) []*Dossier {
	if d == nil {
		return nil
	}
	var found []*Dossier
	for _, id := range d.Related {
		if other, ok := r.Story(id); ok && other.ID != d.ID && !slices.Contains(found, other) {
			found = append(found, other)
		}
	}
	return found
}
