#!/usr/bin/env bash
# Writes to $FOLDER what a change of the briefs in $BRIEFS since the commit $BASE would post.
# $BRIEFBOT is the program; $RESTRICTED, “true” or not, shows stories with an audience too;
# $BROWSER is the Chromium for the pictures, where it is not to be looked for.
set -euo pipefail

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
