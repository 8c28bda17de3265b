// Posts the report in $FOLDER as the one comment of its kind under the pull request $PULL, or
// brings that comment up to date. Where that is not allowed, as for a pull request from a fork,
// the report goes to the summary of the run. It always goes there too.
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";

const { FOLDER, TOKEN, PULL, FILES, PICTURES, GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_STEP_SUMMARY } = process.env;
const mark = "<!-- briefbot preview -->";
const longest = 65536; // characters of a comment

// A picture is at the address where it was pushed, or left out: beside the report nobody finds it.
function illustrated(report, pictures) {
	return report.replace(/^!\[([^\]\n]*)\]\(([a-z0-9-]+\.png)\)$/gm, (_, words, name) => pictures ? `![${words}](${pictures}/${name})` : "");
}

// The report is shorter than a comment may be; with the addresses of many pictures it may not be.
function text() {
	const report = readFileSync(join(FOLDER, "report.md"), "utf8");
	const where = FILES ? `\n[All pages and pictures of this preview](${FILES})\n` : "";
	const whole = illustrated(report, PICTURES) + where;
	return [...whole].length <= longest ? whole : illustrated(report, "") + where;
}

async function ask(method, path, body) {
	const answer = await fetch(`${GITHUB_API_URL}/repos/${GITHUB_REPOSITORY}/${path}`, {
		method,
		headers: { Authorization: `Bearer ${TOKEN}`, Accept: "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28", "Content-Type": "application/json" },
		body: body && JSON.stringify(body),
	});
	if (!answer.ok) {
		throw new Error(`${method} ${path}: ${answer.status}`);
	}
	return answer.json();
}

// Finds the comment that an earlier run posted. Anybody may write a comment that begins alike,
// so it must be by a bot.
async function earlier() {
	for (let page = 1; page <= 20; page++) {
		const comments = await ask("GET", `issues/${PULL}/comments?per_page=100&page=${page}`);
		const ours = comments.find((c) => c.body.startsWith(mark) && c.user?.type === "Bot");
		if (ours || comments.length < 100) {
			return ours;
		}
	}
}

const body = text();
if (GITHUB_STEP_SUMMARY) {
	appendFileSync(GITHUB_STEP_SUMMARY, body);
}
try {
	const comment = await earlier();
	if (comment) {
		await ask("PATCH", `issues/comments/${comment.id}`, { body });
	} else {
		await ask("POST", `issues/${PULL}/comments`, { body });
	}
} catch (error) {
	console.log(`::notice::The preview is in the summary of this run: the comment could not be written (${error.message}).`);
}
