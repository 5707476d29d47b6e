/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The picker.  A case is a size, a TERM, a file of hosts and steps: wait for a text, send keys, resize, compare the
 * screen with a file (run.h).
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "msg/chan.h"
#include "tests/tap.h"
#include "tests/ui/run.h"

enum what { END, WAIT, SEND, SIZE, GOLDEN, LOOK, GONE, ROWS, INIT, CHOICE, ASKED, LIVE, DID, SAYS, REQUESTS, AGAIN, ASKS };

struct step {
	enum what what;
	const char *text;        /* SIZE: "50x12"; GONE: the exit status; ROWS: names (see rows()); INIT and CHOICE: a host;
	                          * LIVE: sessions (see live()); REQUESTS: for approval (see requests()); DID: what is wanted with
	                          * one, "3 ID"; SAYS: the gate's answer to that; ASKS: what sessions are asked for once those that are
	                          * over (1) have been, "10" */
};

struct test {
	const char *name, *term, *hosts;       /* hosts: a file, or NULL: they come by the channel, from ROWS */
	unsigned short cols, rows;
	struct step steps[20];
};

#define XTERM "xterm-256color", "hosts.tsv"
#define MANY  "xterm-256color", "many.tsv"
#define PRESS(x, y)   "\033[<0;" #x ";" #y "M"
#define RELEASE(x, y) "\033[<0;" #x ";" #y "m"
#define CLICK(x, y)   PRESS(x, y) RELEASE(x, y)
#define LONG(s)       s s s s s s s s s s s s s s s s s s s s

/* From the hosts to the other screens, which have asked for what they show and have not got it yet. */
#define TO_SESSIONS { INIT, "" }, { ROWS, "m1" }, { WAIT, ">  m1" }, { SEND, "\024" }, { WAIT, "sessions that run ..." }
#define TO_REQUESTS { INIT, "" }, { ROWS, "m1" }, { WAIT, ">  m1" }, { SEND, "\031" }, { WAIT, "requests for approval ..." }

static const struct test tests[] = {
	{ "start", XTERM, 80, 24, { { WAIT, "支付-1" }, { GOLDEN, "80x24-start" } } },
	{ "narrow", XTERM, 40, 10, { { WAIT, "web1" }, { GOLDEN, "40x10-start" } } },
	{ "smallest", XTERM, 20, 5, { { WAIT, "web-staging" }, { GOLDEN, "20x5-start" } } },
	{ "wide", XTERM, 200, 60, { { WAIT, "web1" }, { SEND, "\017" }, { WAIT, "no permit" }, { GOLDEN, "200x60-start" } } },
	{ "many", MANY, 120, 40, { { WAIT, "1/38" }, { SEND, "\033[F" }, { WAIT, "38/38" }, { GOLDEN, "120x40-many" } } },
	{ "many, narrow", MANY, 40, 10, { { WAIT, "1/38" }, { SEND, "\033[6~" }, { WAIT, "7/38" }, { GOLDEN, "40x10-many" } } },
	{ "search", XTERM, 80, 24, { { WAIT, "web1" }, { SEND, "支" }, { WAIT, "1/1 of 4" }, { GOLDEN, "80x24-search" } } },
	{ "columns while searching", MANY, 80, 24, { { WAIT, "1/38" }, { GOLDEN, "80x24-many" }, { SEND, "web" }, { WAIT, "of 38" },
		{ GOLDEN, "80x24-many-web" } } },
	{ "looks", XTERM, 60, 10, { { WAIT, "web1" }, { SEND, "we prod" }, { WAIT, "1/2 of 4" }, { LOOK, "60x10-look" } } },
	{ "looks without colours", "vt100", "hosts.tsv", 60, 10, { { WAIT, "web1" }, { SEND, "we prod" }, { WAIT, "1/2 of 4" }, { LOOK, "60x10-plain-look" } } },
	{ "looks of what is denied", XTERM, 80, 12, { { WAIT, "web1" }, { SEND, "\017" "7" }, { WAIT, "1/1 of 5" }, { LOOK, "80x12-look" } } },
	{ "looks of two words with a dash between them", XTERM, 80, 12, { { WAIT, "web1" }, { SEND, "\017" "db 7" }, { WAIT, "1/1 of 5" },
		{ LOOK, "80x12-two-words" } } },
	{ "long query", XTERM, 40, 10, { { WAIT, "web1" }, { SEND, "something that is longer than the line is" }, { WAIT, "line is" },
		{ GOLDEN, "40x10-query" } } },
	{ "details", XTERM, 80, 24, { { WAIT, "web1" }, { SEND, "\017" "db\t" }, { WAIT, "denied" }, { GOLDEN, "80x24-details" } } },
	{ "details, narrow", XTERM, 40, 10, { { WAIT, "web1" }, { SEND, "\017" "db\t" }, { WAIT, "more" }, { SEND, "\033[6~" },
		{ WAIT, "address" }, { GOLDEN, "40x10-details" } } },
	{ "details of nothing", XTERM, 40, 10, { { WAIT, "web1" }, { SEND, "\tnone" }, { WAIT, "nothing matches" }, { GOLDEN, "40x10-nothing" } } },
	{ "details, smallest", XTERM, 20, 5, { { WAIT, "web-staging" }, { SEND, "\t" }, { WAIT, "access" }, { GOLDEN, "20x5-details" },
		{ SEND, "\t" }, { GOLDEN, "20x5-start" } } },
	{ "refused", XTERM, 80, 24, { { WAIT, "web1" }, { SEND, "\017" "db\r" }, { WAIT, "denied" }, { GOLDEN, "80x24-refused" } } },
	{ "refused, narrow", XTERM, 40, 10, { { WAIT, "web1" }, { SEND, "\017" "db\r" }, { WAIT, "denied" }, { GOLDEN, "40x10-refused" } } },
	{ "help", XTERM, 80, 24, { { WAIT, "web1" }, { SEND, "?" }, { WAIT, "any key" }, { GOLDEN, "80x24-help" } } },
	{ "help scrolls", XTERM, 40, 10, { { WAIT, "web1" }, { SEND, "?\033[6~\033[B" },
		{ GOLDEN, "40x10-help" }, { SEND, "\033[F" }, { WAIT, "wheel" }, { SEND, "x" }, { WAIT, "web1" }, { GOLDEN, "40x10-start" } } },
	{ "help over details", XTERM, 80, 24, { { WAIT, "web1" }, { SEND, "\017" "db\t" }, { WAIT, "access" }, { SEND, "\033OP" }, { WAIT, "any key" },
		{ SEND, CLICK(5, 5) }, { WAIT, "access" }, { GOLDEN, "80x24-details" } } },
	{ "logins", XTERM, 80, 24, { { WAIT, "web1" }, { SEND, "\033[B\r" }, { WAIT, "log in to web1" }, { SEND, "\033[B" },
		{ WAIT, ">  deploy" }, { GOLDEN, "80x24-logins" }, { SEND, "\r" }, { WAIT, "deploy\tweb1" }, { GONE, "0" } } },
	{ "logins, smallest", XTERM, 20, 5, { { WAIT, "web-staging" }, { SEND, "\033[B\r" }, { WAIT, "log in" }, { SEND, "\033[B" },
		{ WAIT, ">  deploy" }, { SEND, "\r" }, { WAIT, "deploy\tweb1" }, { GONE, "0" } } },
	{ "vt100", "vt100", "hosts.tsv", 80, 24, { { WAIT, "支付-1" }, { GOLDEN, "80x24-start" } } },
	{ "putty", "putty", "hosts.tsv", 80, 24, { { WAIT, "支付-1" }, { SEND, "\033OB" }, { WAIT, ">  web1" }, { SEND, "\033[A" },
		{ WAIT, ">  web-staging" }, { GOLDEN, "80x24-start" } } },
	{ "kitty", "xterm-kitty", "hosts.tsv", 80, 24, { { WAIT, "支付-1" }, { GOLDEN, "80x24-start" } } },
	{ "dumb", "dumb", "hosts.tsv", 80, 24, { { WAIT, "host>" }, { GOLDEN, "80x24-plain" }, { SEND, "web2\n" }, { WAIT, "root\tweb2" },
		{ GONE, "0" } } },
	{ "dumb, narrow", "dumb", "many.tsv", 40, 12, { { WAIT, "host>" }, { SEND, "o\n" }, { GOLDEN, "40x12-plain-all" }, { SEND, "web\n" }, { GOLDEN, "40x12-plain" },
		{ SEND, "n\n" }, { WAIT, "6-12 of 12" }, { SEND, "99\n" }, { WAIT, "no number 99 among what" }, { SEND, "12\n" }, { WAIT, "no permit" }, { SEND, "q\n" }, { GONE, "1" } } },
	{ "path as TERM", "../../x", "hosts.tsv", 80, 24, { { WAIT, "host>" }, { SEND, "q\n" }, { GONE, "1" } } },
	{ "resize", XTERM, 80, 24, { { WAIT, "支付-1" }, { SEND, "web" }, { WAIT, "1/3 of 4" }, { SIZE, "50x12" },
		{ WAIT, "1/3 of 4" }, { GOLDEN, "50x12-resized" }, { SIZE, "40x4" }, { GOLDEN, "40x4-resized" }, { SIZE, "9x1" },
		{ SIZE, "50x12" }, { GOLDEN, "50x12-resized" } } },
	{ "unknown sequences", XTERM, 80, 24, { { WAIT, "web1" }, { SEND, "\033x" }, { SEND, "\033[I" }, { SEND, "\033[?1;2c" },
		{ SEND, "\017\033[200~d\tb\r\033[201~\177\177\177b" }, { WAIT, "1/1 of 5" }, { GOLDEN, "80x24-pasted" } } },
	{ "unknown keys, vt100", "vt100", "hosts.tsv", 80, 24, { { WAIT, "web1" }, { SEND, "\033[1;5A" }, { SEND, "\033[15~" }, { SEND, "\033[Z" },
		{ SEND, "\017" "db" }, { WAIT, "1/1 of 5" }, { GOLDEN, "80x24-pasted" } } },
	{ "another host than the chooser's", XTERM, 80, 24, { { WAIT, "web1" }, { SEND, "\033[B\r" }, { WAIT, "log in to web1" },
		{ SEND, "\033[B" }, { WAIT, ">  deploy" }, { SEND, "w\r" }, { WAIT, "root\tweb-staging" }, { GONE, "0" } } },
	{ "quit key", XTERM, 80, 24, { { WAIT, "web1" }, { SEND, "\034" }, { GONE, "1" } } },
	{ "interrupt key", XTERM, 80, 24, { { WAIT, "web1" }, { SEND, "\003" }, { GONE, "1" } } },
	{ "login in plain lines", "dumb", "hosts.tsv", 80, 24, { { WAIT, "host>" }, { SEND, "2\n" }, { WAIT, "which login? write 2 and one of root,deploy\nhost>" },
		{ SEND, "2 deploy\n" }, { WAIT, "deploy\tweb1" }, { GONE, "0" } } },
	{ "escape", XTERM, 80, 24, { { WAIT, "web1" }, { SEND, "web" }, { WAIT, "1/3 of 4" }, { SEND, "\033" },
		{ WAIT, "1/4" }, { SEND, "\033" }, { GONE, "1" } } },
	{ "first click", XTERM, 80, 24, { { WAIT, "web1" }, { SEND, CLICK(5, 4) "\033[B" }, { WAIT, ">  web1" }, { SEND, CLICK(5, 4) },
		{ WAIT, ">  web-staging" }, { SEND, PRESS(9, 4) }, { SEND, RELEASE(9, 4) }, { WAIT, "root\tweb-staging" }, { GONE, "0" } } },
	{ "press alone", XTERM, 80, 24, { { WAIT, "web1" }, { SEND, CLICK(5, 6) }, { WAIT, ">  web2" }, { SEND, PRESS(5, 6) RELEASE(5, 7) },
		{ SEND, PRESS(5, 6) "\033[A" }, { WAIT, ">  web1" }, { SEND, RELEASE(5, 4) CLICK(5, 4) }, { GOLDEN, "80x24-start" } } },
	{ "clicks beside the rows", MANY, 80, 24, { { WAIT, "1/38" }, { GOLDEN, "80x24-many" }, { SEND, CLICK(5, 24) CLICK(5, 24) CLICK(5, 2) CLICK(5, 2)
		CLICK(5, 1) CLICK(5, 3) CLICK(5, 3) }, { SEND, "\t" }, { WAIT, "access" }, { SEND, CLICK(5, 20) CLICK(5, 20) "\t" },
		{ GOLDEN, "80x24-many" } } },
	{ "clicks in the chooser", XTERM, 80, 24, { { WAIT, "web1" }, { SEND, CLICK(5, 5) CLICK(5, 5) }, { WAIT, "log in to web1" },
		{ SEND, CLICK(5, 23) }, { WAIT, ">  deploy" }, { GOLDEN, "80x24-logins" }, { SEND, CLICK(5, 23) }, { WAIT, "deploy\tweb1" }, { GONE, "0" } } },
	{ "wheel", MANY, 40, 10, { { WAIT, "1/38" }, { SEND, "\033[<65;5;5M\033[<65;5;5M" }, { WAIT, "7/38" }, { GOLDEN, "40x10-many" },
		{ SEND, "\033[<64;5;5M" }, { WAIT, "4/38" } } },
	{ "rows that come late", "xterm", NULL, 80, 12, { { INIT, "" }, { ROWS, "m1 m2 m3 ..." }, { WAIT, ">  m1" }, { SEND, "\033[B" },
		{ WAIT, ">  m2" }, { ROWS, "a1 a2 z1" }, { WAIT, "4/6" }, { GOLDEN, "80x12-late" }, { SEND, "\r" }, { CHOICE, "m2" }, { GONE, "0" } } },
	{ "typed ahead", "xterm", NULL, 80, 12, { { SEND, "web\r" }, { INIT, "" }, { ROWS, "my-web ..." }, { ROWS, "web" }, { CHOICE, "web" }, { GONE, "0" } } },
	{ "back from a host", "xterm", NULL, 80, 12, { { INIT, "m3" }, { ROWS, "m1 m2 ..." }, { ROWS, "m3 m4" }, { WAIT, ">  m3" } } },
	{ "others on demand", XTERM, 80, 24, { { WAIT, "web1" }, { SEND, "\017" }, { WAIT, "1/5" }, { GOLDEN, "80x24-others" }, { SEND, "\017" },
		{ WAIT, "1/4" }, { GOLDEN, "80x24-start" } } },
	{ "others in a search", XTERM, 80, 24, { { WAIT, "web1" }, { SEND, "db" }, { WAIT, "nothing matches" }, { GOLDEN, "80x24-others-none" },
		{ SEND, "\017" }, { WAIT, "denied" }, { GOLDEN, "80x24-others-search" } } },
	{ "others that come when they are asked for", "xterm", NULL, 80, 12, { { INIT, "" }, { ROWS, "m1 m2 +2" }, { WAIT, "others" }, { SEND, "\033[B" },
		{ WAIT, ">  m2" }, { SEND, "\017" }, { ASKED, "" }, { ROWS, "-a1 -n1" }, { WAIT, "2/4" }, { GOLDEN, "80x12-others" }, { SEND, "\r" },
		{ CHOICE, "m2" }, { GONE, "0" } } },
	{ "none but others", "xterm", NULL, 80, 12, { { INIT, "" }, { ROWS, "+3" }, { WAIT, "none that you may reach" }, { GOLDEN, "80x12-none" } } },
	{ "others in plain lines", "dumb", NULL, 80, 12, { { INIT, "" }, { ROWS, "m1 +1" }, { WAIT, "host>" }, { SEND, "o\n" }, { ASKED, "" }, { ROWS, "-a1" },
		{ WAIT, "2 -" }, { SEND, "q\n" }, { GONE, "1" } } },
	{ "an administrator's banner", "xterm", NULL, 80, 12, { { INIT, "" }, { ROWS, "m1 m2 !policy.conf:3:9:_unknown_role_\"sree\"" }, { WAIT, "m1" },
		{ GOLDEN, "80x12-banner" }, { SEND, "\033[B" }, { WAIT, ">  m2" }, { GOLDEN, "80x12-banner-later" } } },
	{ "the banner in a low window", "xterm", NULL, 40, 5, { { INIT, "" }, { ROWS, "m1 !policy.conf:3:9:_unknown_role_\"sree\"" }, { WAIT, "unknown" } } },
	{ "sessions", "xterm", NULL, 80, 12, { { INIT, "" }, { ROWS, "m1 m2" }, { WAIT, ">  m1" }, { SEND, "\024" }, { WAIT, "sessions that run ..." },
		{ LIVE, "alice@web1 bob@db1:paused carol@db2:locked,_typed_by_bob" }, { WAIT, "> alice" }, { GOLDEN, "80x12-sessions" }, { SEND, "\033[Bp" },
		{ DID, "4 S1" }, { SAYS, "resumed" }, { WAIT, "resumed" }, { LIVE, "alice@web1 bob@db1" }, { WAIT, "> bob" }, { SEND, "l" }, { DID, "5 S1" } } },
	{ "sessions, narrow", "xterm", NULL, 40, 6, { TO_SESSIONS, { LIVE, "alice@web1 bob@db1:paused c@d e@f" },
		{ WAIT, "> alice" }, { SEND, "\033[F" }, { WAIT, "> e" }, { GOLDEN, "40x6-sessions" }, { SEND, "?" }, { WAIT, "other keys" }, { SEND, "\033[F" },
		{ WAIT, "back to the hosts" }, { SEND, "x" },
		{ WAIT, "> e" }, { SEND, "\033" }, { WAIT, ">  m1" } } },
	{ "sessions, long names", "xterm", NULL, 80, 12, { TO_SESSIONS,
		{ LIVE, "alice@payments-primary-01.eu.example bob@db1:locked,_typed_by_carol carol@payments-standby-02.eu.example" }, { WAIT, "> alice" },
		{ GOLDEN, "80x12-sessions-long" }, { SEND, "o" }, { WAIT, "sessions that are over ..." },
		{ LIVE, "alice@payments-primary-01.eu.example bob@db1:lost carol@payments-standby-02.eu.example" }, { WAIT, "> alice" },
		{ GOLDEN, "80x12-sessions-over-long" } } },
	{ "a session's end is asked for twice", "xterm", NULL, 80, 12, { TO_SESSIONS, { LIVE, "alice@web1" },
		{ WAIT, "> alice" }, { SEND, "t" }, { WAIT, "y ends the" }, { GOLDEN, "80x12-sessions-sure" }, { SEND, "n" }, { WAIT, "w watch" }, { SEND, "ty" }, { DID, "8 S0" },
		{ SAYS, "ended" }, { WAIT, "ended" } } },
	{ "a session's end is not another's", "xterm", NULL, 80, 12, { TO_SESSIONS,
		{ LIVE, "alice@web1 bob@db1" }, { WAIT, "> alice" }, { SEND, "t" }, { WAIT, "y ends the session of alice" }, { SAYS, "paused" },
		{ LIVE, "- bob@db1" }, { WAIT, "> bob" }, { WAIT, "y ends the session of alice" }, { SEND, "y" }, { DID, "8 S0" } } },
	{ "requests for approval", "xterm", NULL, 80, 12, { TO_REQUESTS,
		{ REQUESTS, "alice@web1 bob@db1" }, { WAIT, ">*R0" }, { GOLDEN, "80x12-approvals" }, { SEND, "\033[Fr" }, { WAIT, "y rejects R1 of bob" },
		{ SEND, "y" }, { DID, "0 R1" }, { SEND, "?" }, { WAIT, "any key" }, { GOLDEN, "80x12-approvals-help" }, { SEND, "x" }, { WAIT, ">*R1" },
		{ SEND, "q" }, { WAIT, ">  m1" } } },
	{ "no requests", "xterm", NULL, 80, 12, { TO_REQUESTS, { REQUESTS, "" }, { WAIT, "none of yours" }, { GOLDEN, "80x12-approvals-none" } } },
	{ "requests, long states", "xterm", NULL, 80, 12, { TO_REQUESTS,
		{ REQUESTS, "alice@payments-db-primary-01=approved_by_bob,_waits_for_1_of_dba bob@db1" }, { WAIT, ">*R0" }, { GOLDEN, "80x12-approvals-states" } } },
	{ "requests, more than a screen", "xterm", NULL, 80, 12, { TO_REQUESTS,
		{ REQUESTS, "a@w b@w c@w d@w e@w f@w g@w h@w i@w j@w" }, { WAIT, ">*R0" }, { SEND, "\033[6~" }, { WAIT, ">*R6" }, { GOLDEN, "80x12-approvals-down" },
		{ SEND, "\033[6~" }, { WAIT, ">*R9" }, { SEND, "\033[5~" }, { WAIT, ">*R3" }, { SEND, "?x\033[5~" }, { WAIT, ">*R0" } } },
	{ "an approval is not another's", "xterm", NULL, 80, 12, { TO_REQUESTS,
		{ REQUESTS, "alice@web1 bob@db1" }, { WAIT, ">*R0" }, { SEND, "a" }, { WAIT, "y approves R0 of alice" }, { REQUESTS, "- bob@db1" },
		{ WAIT, ">*R1" }, { WAIT, "y approves R0 of alice" }, { SEND, "y" }, { DID, "1 R0" } } },
	{ "a command that is long is read to its end", "xterm", NULL, 80, 12, { TO_REQUESTS,
		{ REQUESTS, "bob@db1:" LONG("harmless;") "rm\033[2J-rf" }, { WAIT, ">*R0" }, { GOLDEN, "80x12-approvals-long" }, { SEND, "a" }, { WAIT, "y approves R0 of bob" },
		{ SEND, "y" }, { DID, "1 R0" } } },
	{ "what does not fit is not approved", "xterm", NULL, 80, 12, { TO_REQUESTS,
		{ REQUESTS, "bob@db1:" LONG(LONG("harmless;")) "rm alice@web1" }, { WAIT, ">*R0" }, { SEND, "a" }, { WAIT, "does not fit this screen" }, { SEND, "y" },
		{ SEND, "ry" }, { DID, "0 R0" }, { REQUESTS, "bob@db1:" LONG(LONG("harmless;")) "rm alice@web1" }, { SEND, "\033[B" }, { WAIT, ">*R1" },
		{ SEND, "ay" }, { DID, "1 R1" } } },
	{ "a session is watched", "xterm", NULL, 80, 12, { TO_SESSIONS, { LIVE, "alice@web1 bob@db1" },
		{ WAIT, "> alice" }, { SEND, "\033[Bw" }, { DID, "1 S1" }, { GONE, "1" } } },
	{ "sessions that are over", "xterm", NULL, 80, 12, { TO_SESSIONS, { LIVE, "alice@web1" },
		{ WAIT, "> alice" }, { SEND, "o" }, { WAIT, "sessions that are over ..." }, { LIVE, "alice@web1 bob@db1:lost" }, { WAIT, "lost" },
		{ GOLDEN, "80x12-sessions-over" }, { SEND, "?" }, { WAIT, "replay the selected" }, { SEND, "x" }, { WAIT, "o running" },
		{ SEND, "\033[Bwjlt\r" }, { DID, "30 S1" } } },
	{ "those that run, after those that are over", "xterm", NULL, 80, 12, { TO_SESSIONS,
		{ LIVE, "alice@web1" }, { WAIT, "> alice" }, { SEND, "o" }, { WAIT, "sessions that are over ..." }, { LIVE, "bob@db1:lost" }, { WAIT, "lost" },
		{ SEND, "q" }, { WAIT, ">  m1" }, { SEND, "\024" }, { WAIT, "sessions that run ..." }, { ASKS, "10" } } },
	{ "the list again, after one was looked at", "xterm", NULL, 80, 12, { { AGAIN, "S1" }, { ROWS, "m1" }, { WAIT, "that are over ..." },
		{ LIVE, "alice@web1 bob@db1" }, { WAIT, "> bob" }, { GOLDEN, "80x12-sessions-again" }, { SEND, "k" }, { WAIT, "o running" }, { SEND, "q" },
		{ WAIT, ">  m1" } } },
	{ "no sessions, and hostile ones", "xterm", NULL, 80, 12, { TO_SESSIONS, { LIVE, "" },
		{ WAIT, "none that you may see" }, { GOLDEN, "80x12-sessions-none" }, { SEND, "wjplt?" }, { WAIT, "other keys" }, { SEND, "xr" }, { LIVE, "a\033[2Jb@w\r\nx" }, { WAIT, "@w" }, { GOLDEN, "80x12-sessions-hostile" } } },
	{ "old mouse", "xterm", "hosts.tsv", 80, 24, { { WAIT, "web1" }, { SEND, "\033[M %%\033[M#%%" }, { WAIT, ">  web1" },
		{ SEND, "\033[M %$\033[M#%$" }, { GOLDEN, "80x24-start" } } },
};

/* The front's end of the menu's channel, and the choice that came by it. */
static struct chan *chan;
static char chosen[64];
static bool asked;
static char did[64];
static char asks[64];

static void
on_choice(void *arg, struct chan *c, struct chan_in *in)
{
	const struct msg_menu_choice *choice = in->message;

	(void)arg, (void)c;
	if (in->type == MSG_LIVE_ASK && strlen(asks) + 1 < sizeof(asks))
		strcat(asks, ((const struct msg_live_ask *)in->message)->past == 1 ? "1" : "0");
	if (in->type == MSG_LIVE_DO) {
		const struct msg_live_do *m = in->message;

		(void)snprintf(did, sizeof(did), "%u %.*s", (unsigned)m->op, (int)m->session.n, (const char *)m->session.p);
	}
	if (in->type == MSG_APPROVAL_SAY) {
		const struct msg_approval_say *m = in->message;

		(void)snprintf(did, sizeof(did), "%u %.*s", (unsigned)m->say, (int)m->id.n, (const char *)m->id.p);
	}
	asked = asked || in->type == MSG_MENU_OTHERS;
	if (in->type == MSG_MENU_CHOICE)
		(void)slice_copy(choice->host, chosen, sizeof(chosen));
}

struct child {
	const struct test *test;
	int fd;                  /* the menu's end */
};

static void
menu(const void *arg)
{
	const struct child *c = arg;
	const char *hosts = c->test->hosts;
	char built[4096], path[PATH_MAX], dir[4096];

	(void)snprintf(built, sizeof(built), "%s/fortress-menu", getenv("top_builddir"));
	(void)snprintf(dir, sizeof(dir), "%s/tests/ui", getenv("top_srcdir"));
	if (hosts == NULL)
		(void)dup2(c->fd, 3);
	(void)setenv("TERM", c->test->term, 1);
	if (realpath(built, path) != NULL && chdir(dir) == 0)        /* the title shows the file */
		(void)execl(path, "fortress-menu", hosts != NULL ? "-f" : NULL, hosts, (char *)NULL);
}

static void
start(struct run *r, const struct test *t)
{
	int pair[2] = { -1, -1 };
	struct child c = { .test = t };

	ok(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0, "%s", t->name);
	c.fd = pair[1];
	run_start(r, t->cols, t->rows, menu, &c);
	close(pair[1]);
	chosen[0] = '\0';
	asked = false;
	did[0] = asks[0] = '\0';
	chan = chan_new(NULL, pair[0], LINK_FRONT_OF_MENU, on_choice, NULL);
}

/* What a word of a test says, with blanks in place of its _. */
static const char *
blanks(const char *word, size_t n, char *out, size_t size)
{
	(void)snprintf(out, size, "%.*s", (int)n, word);
	for (char *p = out; *p != '\0'; p++)
		*p = *p == '_' ? ' ' : *p;
	return out;
}

/* Names of hosts, those with a - denied; +N: so many are left out; !TEXT: a banner, _ for blanks; ... when more follow. */
static void
rows(const char *names)
{
	struct msg_host_rows m = { .more = strstr(names, " ...") != NULL };
	char banner[100] = "";
	struct buf b;

	buf_init(&b, 4096);
	for (size_t n; *names != '\0' && strcmp(names, "...") != 0; names += n + (names[n] == ' ')) {
		struct msg_host_row row = { .logins = slice_from("root"), .allowed = names[0] != '-', .brief = slice_from("why") };

		n = strcspn(names, " ");
		if (names[0] == '+') {
			m.others = (uint32_t)atoi(names + 1);
		} else if (names[0] == '!') {
			(void)blanks(names + 1, n - 1, banner, sizeof(banner));
		} else {
			row.name = names[0] == '-' ? slice_of(names + 1, n - 1) : slice_of(names, n);
			(void)msg_host_row_put(&b, &row);
		}
	}
	m.rows = buf_slice(&b);
	m.banner = slice_from(banner);
	ok(chan_send(chan, MSG_HOST_ROWS, &m) == 0, "rows are sent");
	buf_done(&b);
}

/* Sessions USER@HOST, each with :HELD (_ for blanks) or without; - for one that has ended. */
static void
live(const char *names)
{
	struct msg_live_rows m = { .req = 1 };
	char id[8], held[100];
	unsigned i = 0;
	struct buf b;

	buf_init(&b, 4096);
	for (size_t n; *names != '\0'; names += n + (names[n] == ' '), i++) {
		struct msg_live_row row = { .login = slice_from("root"), .command = slice_from("top -d 1"), .start_us = 1795678200000000,
			.bytes = 123456 * (i + 1), .idle_ms = 61000 * i, .viewers = i };
		const char *at = strchr(names, '@'), *colon;

		n = strcspn(names, " ");
		if (names[0] == '-')
			continue;
		colon = memchr(names, ':', n);
		(void)snprintf(id, sizeof(id), "S%u", i);
		row.id = slice_from(id);
		row.user = slice_of(names, (size_t)(at - names));
		row.host = slice_of(at + 1, (size_t)((colon != NULL ? colon : names + n) - at) - 1);
		if (colon != NULL)
			row.state = slice_from(blanks(colon + 1, (size_t)(names + n - colon) - 1, held, sizeof(held)));
		(void)msg_live_row_put(&b, &row);
	}
	m.rows = buf_slice(&b);
	ok(chan_send(chan, MSG_LIVE_ROWS, &m) == 0, "sessions are sent");
	buf_done(&b);
}

/* Requests USER@HOST, each with :COMMAND or =STATE (_ for blanks) or without; - for one that is there no more. */
static void
requests(const char *names)
{
	const struct msg_dir_end end = { .req = 1 };
	char id[8], state[100];
	unsigned i = 0;

	for (size_t n; *names != '\0'; names += n + (names[n] == ' '), i++) {
		const char *colon, *is;
		struct msg_approval_row row = { .req = 1, .verb = slice_from("shell"), .login = slice_from("root"), .reason = slice_from("disk full"),
			.state = slice_from("waits for 1 of dba"), .asked_us = 1795678200000000, .may = 1 };

		n = strcspn(names, " ");
		if (names[0] == '-')
			continue;
		(void)snprintf(id, sizeof(id), "R%u", i);
		row.id = slice_from(id);
		row.user = slice_of(names, strcspn(names, "@"));
		colon = memchr(names, ':', n);
		is = memchr(names, '=', n);
		row.host = slice_of(names + row.user.n + 1, strcspn(names, ":= ") - row.user.n - 1);
		if (is != NULL)
			row.state = slice_from(blanks(is + 1, (size_t)(names + n - is) - 1, state, sizeof(state)));
		if (colon != NULL) {
			row.verb = slice_from("exec");
			row.what = slice_of(colon + 1, n - (size_t)(colon + 1 - names));
		}
		ok(chan_send(chan, MSG_APPROVAL_ROW, &row) == 0, "a request");
	}
	ok(chan_send(chan, MSG_DIR_END, &end) == 0, "no more requests");
}

/* One more message.  What is asked for again and again is no reason to wait for ever. */
static bool
hear(mono_t from)
{
	return clock_ms_since(from) < RUN_WAIT_MS && chan_wait(chan, RUN_WAIT_MS) == 0;
}

static void
wait_did(const struct test *t, const char *what)
{
	mono_t from = clock_mono();

	while (did[0] == '\0' && hear(from))
		continue;
	is(did, what, t->name);
	did[0] = '\0';
}

static void
wait_asks(const struct test *t, const char *what)
{
	mono_t from = clock_mono();
	const char *over;

	while (((over = strchr(asks, '1')) == NULL || strlen(over) < strlen(what)) && hear(from))
		continue;
	ok(over != NULL && strncmp(over, what, strlen(what)) == 0, "%s: sessions are asked for, %s", t->name, asks);
}

static void
says(const char *text)
{
	struct msg_live_done m = { .req = 1, .ok = 1, .text = slice_from(text) };

	ok(chan_send(chan, MSG_LIVE_DONE, &m) == 0, "an answer");
}

static void
wait_asked(const struct test *t)
{
	mono_t from = clock_mono();

	while (!asked && hear(from))
		continue;
	ok(asked, "%s: the others are asked for", t->name);
}

static void
init(const char *host, const char *session)
{
	struct msg_menu_init m = { .user = slice_from("alice"), .host = slice_from(host), .session = slice_from(session), .past = session[0] != '\0',
		.notice = slice_from(session[0] != '\0' ? "that session may not be replayed by you: DENY (default): no permit for env=prod as root at this time" : "") };

	ok(chan_send(chan, MSG_MENU_INIT, &m) == 0, "the first message");
}

static void
choice(const struct test *t, const char *host)
{
	mono_t from = clock_mono();

	while (chosen[0] == '\0' && hear(from))
		continue;
	is(chosen, host, t->name);
}

static void
step(struct run *r, const struct test *t, const struct step *s)
{
	switch (s->what) {
	case WAIT:   ok(run_waits_for(r, s->text), "%s: shows what it waits for", t->name); break;
	case SEND:   ok(run_send(r, s->text), "%s: keys", t->name); break;
	case SIZE:   run_resize(r, s->text); break;
	case GOLDEN: run_golden(r, t->name, s->text, false); break;
	case LOOK:   run_golden(r, t->name, s->text, true); break;
	case ROWS:   rows(s->text); break;
	case INIT:   init(s->text, ""); break;
	case AGAIN:  init("", s->text); break;
	case CHOICE: choice(t, s->text); break;
	case ASKED:  wait_asked(t); break;
	case LIVE:   live(s->text); break;
	case REQUESTS: requests(s->text); break;
	case DID:    wait_did(t, s->text); break;
	case SAYS:   says(s->text); break;
	case ASKS:   wait_asks(t, s->text); break;
	case GONE:   ok(run_is_gone(r, atoi(s->text)), "%s: ends with %s", t->name, s->text); break;
	case END:    break;
	}
}

int
main(void)
{
	struct run r;

	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		start(&r, &tests[i]);
		for (size_t k = 0; k < 20 && tests[i].steps[k].what != END; k++)
			step(&r, &tests[i], &tests[i].steps[k]);
		chan_free(chan);
		run_end(&r);
	}
	return tap_done();
}
