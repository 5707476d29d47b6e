// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026, the Fortress authors
// The page of an exported recording.  What came from outside is put on it by textContent alone.
"use strict";
(function () {
	var about = JSON.parse(document.getElementById("about").textContent);
	var session = about.session, timeline = about.timeline;

	// Controls, and what turns text around.
	function shown(text) {
		return String(text).replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]/g,
			function (c) { return "\\u{" + c.charCodeAt(0).toString(16) + "}"; });
	}

	function element(name, text, parent) {
		var e = document.createElement(name);
		e.textContent = shown(text);
		parent.appendChild(e);
		return e;
	}

	function clock(ms) {
		var s = Math.floor(ms / 1000), two = function (n) { return (n < 10 ? "0" : "") + n; };
		return (s >= 3600 ? Math.floor(s / 3600) + ":" + two(Math.floor(s / 60) % 60) : Math.floor(s / 60)) + ":" + two(s % 60);
	}

	function utc(us) {
		return us > 0 ? new Date(us / 1000).toISOString().replace("T", " ").slice(0, 19) + " UTC" : "";
	}

	document.getElementById("title").textContent = session.user + ": " + session.login + "@" + session.host;
	var facts = document.getElementById("facts");
	[["Session", session.id], ["Began", utc(session.start_us)], ["Ended", utc(session.end_us) || session.state],
	 ["From", session.source], ["Host's address", session.addr], ["Login by", session.method], ["Channel", session.channel], ["Command", session.command],
	 ["Exit", session.exit], ["Reason", session.reason], ["Rule", session.rule], ["Policy", session.policy]].forEach(function (f) {
		if (f[1] || f[1] === 0) {
			element("dt", f[0], facts);
			element("dd", f[1], facts);
		}
	});

	// The poster is the last screen, behind all that can be gone to: from a poster the player does not go on rightly, only back.
	var player = AsciinemaPlayer.create({ data: document.getElementById("cast").textContent.trim() + "\n" },
		document.getElementById("player"), {
			fit: "both", idleTimeLimit: 2, poster: "npt:" + (session.length_ms / 1000 + 1), preload: true, terminalFontFamily: "ui-monospace, 'DejaVu Sans Mono', monospace"
		});

	var list = document.getElementById("timeline");
	timeline.forEach(function (e, i) {
		var item = document.createElement("li"), button = document.createElement("button");
		item.className = e.kind;
		button.type = "button";
		element("time", clock(e.t_ms), button);
		element("b", e.kind + (e.source ? " (" + e.source + ")" : ""), button);
		element("span", e.text, button);
		button.addEventListener("click", function () { player.seek({ marker: i }); });
		item.appendChild(button);
		list.appendChild(item);
	});
	document.getElementById("note").textContent = (timeline.length ? "Times are those of the recording; pauses are played as 2 seconds. " :
		"Nothing but output. ") + (about.left_out ? about.left_out + " later entries are not listed." : "");
}());
