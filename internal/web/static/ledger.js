// The ledger works without this file. With it, a page says whether what it shows is
// as it is now, and asks for nothing while nobody looks at it.
(() => {
	"use strict";
	const state = document.getElementById("state"), words = document.getElementById("state-words");

	function say(name, text) {
		state.hidden = false;
		state.dataset.state = name;
		words.textContent = text;
	}

	document.addEventListener("htmx:before:request", event => {
		if (document.hidden) event.preventDefault();
	});
	document.addEventListener("htmx:after:request", event => {
		const response = event.detail.ctx.response;
		if (response && response.status === 200) say("on", "live");
		else say("off", "no answer; trying again");
	});
	document.addEventListener("htmx:error", () => say("off", "no answer; trying again"));

	// What was said once is not said again when the page is loaded again.
	const here = new URL(location.href);
	if (here.searchParams.has("done")) {
		here.searchParams.delete("done");
		history.replaceState(null, "", here);
	}
	say("on", "live");
})();
