/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * One page that needs nothing else: asciinema-player, the recording as asciicast, its timeline.
 *
 * Everything that came from outside stands in two script elements of type application/json, as JSON strings in which
 * no < can be, and our script puts it on the page as text.  Beside that, the page's policy lets no script run but the
 * two whose hashes it names, and lets nothing be fetched.  The same recording gives the same page, byte by byte.
 */
#include "base/text.h"
#include "ui/export_model.h"

static void
head(struct export *x)
{
	const struct export_page *p = x->page;

	export_printf(x, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'sha256-%s' 'sha256-%s' "
	    "'wasm-unsafe-eval'; style-src 'unsafe-inline'; font-src data:; img-src data:; base-uri 'none'; form-action 'none'\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" content=\"no-referrer\">\n"
	    "<title>Recording %s</title>\n<style>", p->player.sha256, p->script.sha256, facts_text(x->facts, "id"));
	export_put(x, p->player_style);
	export_put(x, p->style);
	export_text_put(x, "</style>\n</head>\n<body>\n<main>\n<header><h1 id=\"title\">Recording</h1><dl id=\"facts\"></dl></header>\n"
	    "<div id=\"stage\"><div id=\"player\"></div><nav><h2>Timeline</h2><p id=\"note\"></p><ol id=\"timeline\"></ol></nav></div>\n"
	    "<noscript><p>This page plays a recording with JavaScript, which is off here.</p></noscript>\n</main>\n");
}

static void
html_begin(struct export *x)
{
	head(x);
	export_text_put(x, "<script type=\"application/json\" id=\"cast\">\n");
	cast_header(x, 3);
	export_text_put(x, "[0.010,\"o\",\"\"]\n");
}

static void
html_end(struct export *x)
{
	const struct export_page *p = x->page;

	/* The player shows nothing at its very end, and nothing at a place where it thinks it is already. */
	export_text_put(x, "[0.100,\"o\",\"\"]\n</script>\n<script type=\"application/json\" id=\"about\">\n{\"session\":");
	export_facts(x);
	export_text_put(x, ",\"timeline\":");
	export_timeline(x);
	export_printf(x, ",\"left_out\":%u}\n</script>\n<script>", x->cut);
	export_put(x, p->player.bytes);
	export_text_put(x, "</script>\n<script>");
	export_put(x, p->script.bytes);
	export_text_put(x, "</script>\n</body>\n</html>\n");
}

const struct export_form export_html = { .name = "html", .begin = html_begin, .frame = cast_frame, .end = html_end, .timeline = true,
	.page = true };
