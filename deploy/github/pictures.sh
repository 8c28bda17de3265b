#!/usr/bin/env bash
# Pushes the pictures in $FOLDER to the branch $BRANCH of $REMOTE, into the folder $PLACE, with
# $TOKEN. The branch has no history in common with others; it is made where it is missing.
set -euo pipefail

cd "$FOLDER"
pictures=(*.png)
if [ ! -e "${pictures[0]}" ]; then
	echo "there are no pictures"
	exit 1
fi

# The token goes into a variable of git's, and so neither into a file nor into a list of
# processes.
if [ -n "${TOKEN:-}" ]; then
	export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=http.extraHeader
	GIT_CONFIG_VALUE_0="Authorization: Basic $(printf 'x-access-token:%s' "$TOKEN" | base64 -w0)"
	export GIT_CONFIG_VALUE_0
fi
export GIT_DIR GIT_AUTHOR_NAME=briefbot GIT_COMMITTER_NAME=briefbot
export GIT_AUTHOR_EMAIL=briefbot@users.noreply.github.com GIT_COMMITTER_EMAIL=briefbot@users.noreply.github.com
GIT_DIR=$(mktemp -d)
export GIT_INDEX_FILE="$GIT_DIR/pictures.index"
trap 'rm -rf "$GIT_DIR"' EXIT
git init --quiet --bare "$GIT_DIR"

# Somebody else's run may push at the same moment: then begin again from what it left.
for _ in 1 2 3 4 5; do
	parent=()
	rm -f "$GIT_INDEX_FILE"
	if git fetch --quiet --depth=1 "$REMOTE" "refs/heads/$BRANCH" 2>/dev/null; then
		git read-tree FETCH_HEAD
		parent=(-p "$(git rev-parse FETCH_HEAD)")
	fi
	for picture in "${pictures[@]}"; do
		blob=$(git hash-object -w -- "$picture")
		git update-index --add --cacheinfo "100644,$blob,$PLACE/$picture"
	done
	commit=$(git commit-tree "$(git write-tree)" "${parent[@]}" -m "Pictures for $PLACE")
	if git push --quiet "$REMOTE" "$commit:refs/heads/$BRANCH"; then
		exit 0
	fi
	sleep 2
done
echo "the pictures could not be pushed to the branch $BRANCH"
exit 1
