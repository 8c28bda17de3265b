// The preview works without this file. With it, answers appear without a new
// page, commands are completed while they are typed, and what was asked can be
// called up again.
(() => {
	"use strict";
	const $ = id => document.getElementById(id);
	const form = $("ask"), box = $("line"), list = $("choices");
	const log = $("log"), scroll = $("scroll"), status = $("status");

	// Entries: each arrives whole, by an answer or by the stream of events, and
	// takes the place of its older self.

	function place(fresh) {
		const old = $(fresh.id);
		if (old && Number(old.dataset.version) >= Number(fresh.dataset.version)) return false;
		if (!old) {
			log.append(fresh);
			show(fresh);
		} else {
			const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
			old.replaceWith(fresh);
			if (focused) ($(focused) || (fields(old).length ? box : fresh)).focus({preventScroll: true});
			if (fresh.getBoundingClientRect().top < scroll.getBoundingClientRect().top) show(fresh);
		}
		for (const field of fields(fresh)) measure(field);
		attend(fresh);
		status.textContent = fresh.dataset.title;
		return true;
	}

	function show(entry) {
		const block = entry.offsetHeight > scroll.clientHeight ? "start" : "end";
		entry.scrollIntoView({block});
	}

	// Forms: the first field is gone to, unless something is being written elsewhere, and
	// lengths are counted in characters as the bot counts them, not in UTF-16 units.

	function fields(entry) { return entry.querySelectorAll(".fill input[id], .fill textarea"); }

	function attend(entry) {
		const first = fields(entry)[0], at = document.activeElement;
		if (first && !at?.closest(".fill") && !(at === box && box.value.trim() && box.value.trim() !== entry.dataset.line)) {
			first.focus({preventScroll: true});
			show(first.closest(".fill"));
			if (first.type === "text") first.setSelectionRange(first.value.length, first.value.length);
		}
		if (first === undefined && at === document.body) box.focus({preventScroll: true});
	}

	function measure(field) {
		const used = [...field.value.replaceAll("\r\n", "\n")].length, limit = Number(field.dataset.limit);
		const count = $(field.id + "-count"), over = used > limit;
		count.textContent = used > limit / 2 ? used.toLocaleString("en") + " of " + limit.toLocaleString("en") + " characters" : "";
		count.classList.toggle("over", over);
		field.setCustomValidity(over ? "Shorten this to " + limit.toLocaleString("en") + " characters: it has " + used.toLocaleString("en") + "." : "");
	}

	log.addEventListener("input", event => { if (event.target.dataset.limit) measure(event.target); });

	// Escape cancels a form, and asks once more where that would throw something away.
	let warned = null;
	log.addEventListener("keydown", event => {
		const form = event.target.closest(".fill form");
		if (!form || event.key !== "Escape" || event.isComposing) return;
		event.preventDefault();
		const written = [...fields(form.closest(".entry"))].some(field => field.value !== field.defaultValue);
		if (written && warned !== form) {
			warned = form;
			status.textContent = "";
			const said = form.querySelector(".discard");
			said.hidden = false;
			return;
		}
		form.querySelector(".cancel").click();
	});

	htmx.registerExtension("place", {
		handle_swap(style, target, fragment) {
			if (style !== "place") return false;
			return [...fragment.children].filter(place);
		},
	});

	document.addEventListener("htmx:after:request", event => {
		const ctx = event.detail.ctx;
		if (ctx.sourceElement !== form || !ctx.response || ctx.response.status !== 200) return;
		box.value = "";
		recalled = -1;
	});
	for (const name of ["htmx:response:error", "htmx:error"]) {
		document.addEventListener(name, () => { status.textContent = ""; state("off", "no answer; try again"); });
	}

	// The stream of events.

	function state(name, words) {
		$("state").hidden = false;
		$("state").dataset.state = name;
		$("state-words").textContent = words;
	}
	document.addEventListener("htmx:sse:after:connection", () => state("on", "live"));
	for (const name of ["htmx:sse:error", "htmx:sse:close"]) {
		document.addEventListener(name, () => state("off", "reconnecting"));
	}

	// Completion.

	let choices = [], at = 0, moved = false, exact = false, asking = null;

	function close() {
		asking?.abort();
		choices = [];
		moved = false;
		list.hidden = true;
		box.setAttribute("aria-expanded", "false");
		box.removeAttribute("aria-activedescendant");
	}

	async function complete() {
		asking?.abort();
		const line = box.value;
		if (!line.startsWith("/")) return close();
		asking = new AbortController();
		try {
			const answer = await fetch("/complete?line=" + encodeURIComponent(line), {signal: asking.signal});
			if (!answer.ok) return close();
			offer(await answer.json());
		} catch {
			// Typing went on, or the bot is away, which the state of the stream tells.
		}
	}

	function offer(found) {
		const others = found.filter(c => c.value.trim() !== box.value.trim());
		exact = others.length < found.length; // what is typed is a choice already
		found = others;
		if (!found.length) return close();
		const kept = moved ? found.findIndex(c => c.value === choices[at].value) : -1;
		choices = found;
		moved = kept >= 0;
		list.replaceChildren(...found.map(option));
		list.hidden = false;
		box.setAttribute("aria-expanded", "true");
		mark(Math.max(kept, 0));
	}

	function option(choice, i) {
		const li = document.createElement("li");
		li.id = "choice-" + i;
		li.setAttribute("role", "option");
		const label = document.createElement("b"), detail = document.createElement("span");
		label.textContent = choice.label;
		detail.textContent = choice.detail === choice.label ? "" : choice.detail || "";
		li.append(label, " ", detail);
		li.addEventListener("pointerdown", event => event.preventDefault()); // keeps the focus in the box
		li.addEventListener("click", () => { take(i); });
		return li;
	}

	function mark(i) {
		at = (i + choices.length) % choices.length;
		[...list.children].forEach((li, n) => li.setAttribute("aria-selected", String(n === at)));
		box.setAttribute("aria-activedescendant", "choice-" + at);
		list.children[at].scrollIntoView({block: "nearest"});
	}

	function take(i) {
		box.value = choices[i].value;
		close();
		complete();
	}

	// Enter sends what is typed, unless a choice was moved to or the command's name
	// is not complete yet.
	function unfinished() {
		const line = box.value.trim();
		return moved || (!exact && !line.includes(" "));
	}

	// What was asked before.

	let recalled = -1;

	function asked() {
		const lines = [...log.children].map(li => li.dataset.line).filter(Boolean).reverse();
		return lines.filter((line, i) => line !== lines[i - 1]);
	}

	function recall(step) {
		const lines = asked();
		if (recalled + step >= lines.length) return;
		recalled = Math.max(-1, recalled + step);
		box.value = recalled < 0 ? "" : lines[recalled];
		box.setSelectionRange(box.value.length, box.value.length);
	}

	box.addEventListener("keydown", event => {
		if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
		const open = choices.length > 0;
		const down = event.key === "ArrowDown", up = event.key === "ArrowUp";
		if (open && (down || up)) {
			mark(at + (down ? 1 : -1));
			moved = true;
		} else if (open && event.key === "Tab" && !event.shiftKey) {
			take(at);
		} else if (open && event.key === "Enter" && unfinished()) {
			take(at);
		} else if (open && event.key === "Escape") {
			close();
		} else if ((up || down) && (box.value === "" || recalled >= 0)) {
			recall(up ? 1 : -1);
		} else {
			return;
		}
		event.preventDefault();
	});
	box.addEventListener("input", () => { recalled = -1; complete(); });
	box.addEventListener("focus", () => { if (box.value) complete(); });
	box.addEventListener("blur", close);
	form.addEventListener("submit", close);

	// A key typed anywhere else goes to the box, as in any chat client.
	document.addEventListener("keydown", event => {
		if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
		if (event.target.closest?.("input, textarea, select")) return;
		event.preventDefault();
		box.focus();
		if (!box.value) box.value = "/";
		complete();
	});

	for (const field of fields(log)) measure(field);
	box.removeAttribute("list"); // the browser's own list is for pages without this file
	for (const [name, value] of Object.entries({
		role: "combobox", "aria-autocomplete": "list", "aria-controls": "choices", "aria-expanded": "false",
	})) box.setAttribute(name, value);
	if (!location.hash && log.lastElementChild) {
		show(log.lastElementChild);
		box.focus({preventScroll: true});
		attend(log.lastElementChild);
	}
})();
