#!/usr/bin/env bash
# Writes to $FOLDER what a change of the briefs in $BRIEFS since the commit $BASE would post.
# $MERGE, where it is given, is the commit that GitHub makes of a pull request and its base to
# try them together. $BRIEFBOT is the program; $RESTRICTED, “true” or not, shows stories with an audience too;
# $BROWSER is the Chromium for the pictures, where it is not to be looked for.
set -euo pipefail

# Where that commit is checked out, what it was made of is its first parent: the base may have
# moved on since the pull request was pushed.
if [ -n "${MERGE:-}" ] && [ "$(git rev-parse HEAD)" = "$MERGE" ]; then
	parents=$(git cat-file -p HEAD | sed -n '/^$/q; s/^parent //p')
	if [ "$(wc -l <<<"$parents")" -gt 1 ]; then
		BASE=$(head -n 1 <<<"$parents")
	fi
fi
# A shallow checkout lacks the commit that the change is compared with.
git cat-file -e "$BASE^{commit}" 2>/dev/null || git fetch --quiet --no-tags --depth=1 origin "$BASE"

options=()
if [ "${RESTRICTED:-}" = true ]; then
	options+=(--restricted)
fi
if [ -n "${BROWSER:-}" ]; then
	options+=(--browser "$BROWSER")
fi
mkdir -p "$FOLDER"
# The list of changes is in the report already.
"$BRIEFBOT" --briefs "$BRIEFS" diff --preview "$FOLDER" "${options[@]}" -- "$BASE" "$BRIEFS" >/dev/null
