/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * fortress-replay: recorded sessions on this terminal, or in another form on standard output.  `fortress replay` starts
 * it, after it has put on the record that somebody reads.  It writes nothing else.
 *
 * options → a reader in a process of its own (reader.c) → facts → terminal or page → sandbox → frames.  What is
 * recorded was written by strangers.  The half that looks at it holds no database and can open no file: it has its
 * terminal, or the export's descriptor, and the link to the reader.
 */
#include <errno.h>
#include <getopt.h>
#include <seccomp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/sandbox.h"
#include "base/text.h"
#include "db/leaf.h"
#include "ui/export.h"
#include "ui/reader.h"
#include "ui/replay.h"
#include "ui/watch.h"

#define PART_MAX ((size_t)4 << 20)       /* bytes of a page's script or style */
#define NICE     10

struct options {
	struct replay_options replay;
	const char *dir, *index;
	const struct export_form *form;
	bool text, at, watch;
	int reading;                     /* the gate's end for what is handed out, over ssh; or -1 */
	struct watch_options live;
};

/* In words, to whom asked for it; 2: it was not understood, 1: it cannot be done. */
_Noreturn static void __attribute__((format(printf, 2, 3)))
fail(int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)fputs("fortress replay: ", stderr);
	(void)vfprintf(stderr, fmt, ap);
	(void)fputs("\n", stderr);
	va_end(ap);
	exit(status);
}

/* ---- the sandbox of what renders ---- */

static int
enter_sandbox(void *arg)
{
	/* What ncurses waits with and asks its terminal; not to type into it. */
	static const int calls[] = { SCMP_SYS(select), SCMP_SYS(pselect6), SCMP_SYS(nanosleep), -1 };
	static const unsigned ioctls[] = { TCGETS, TCSETS, TCSETSW, TCSETSF, TCFLSH, TIOCGWINSZ, FIONREAD, 0 };
	const struct sandbox box = { .name = "replay", .user = sandbox_owner(arg), .calls = calls, .ioctls = ioctls, .empty_root = true,
		.memory_max = (size_t)1 << 30 };
	struct sandbox_state state;
	struct err e = { 0 };

	screen_prepare();
	if (sandbox_enter(&box, NULL, NULL, 0, &state, &e) == 0)
		return 0;
	(void)fprintf(stderr, "fortress replay: %s\n", e.text);
	return -EPERM;
}

/* ---- the reader ---- */

_Noreturn static void
reader_main(const struct options *o, char **ids, unsigned n, int fd)
{
	struct err e = { 0 };
	struct reader *r;

	/* Keys of the terminal are not for it; it ends with the other half. */
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGQUIT, SIG_IGN);
	(void)signal(SIGTSTP, SIG_IGN);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	r = reader_open(o->dir, o->index, (const char *const *)ids, n, &e);
	if (r == NULL || reader_run(r, fd, o->reading, &e) != 0) {
		(void)fprintf(stderr, "fortress replay: %s\n", e.text);
		_exit(1);
	}
	reader_close(r);
	_exit(0);
}

/* The link to it; what it could not do it has said itself. */
static int
reader_start(const struct options *o, char **ids, unsigned n)
{
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0 || (pid = fork()) < 0)
		fail(1, "cannot start its reader: %s", strerror(errno));
	if (pid == 0) {
		(void)close(pair[0]);
		if (o->live.fd >= 0)
			(void)close(o->live.fd);         /* it ends with the half that looks */
		reader_main(o, ids, n, pair[1]);
	}
	(void)close(pair[1]);
	if (o->reading >= 0)
		(void)close(o->reading);
	return pair[0];
}

/* ---- parts of a page ---- */

static void
part_read(const char *name, struct buf *b, struct slice *ret, char *sha256)
{
	const char *folder = secure_getenv("FORTRESS_LIBEXEC");
	unsigned char hash[HASH_BYTES];
	struct err e = { 0 };
	char path[4096];
	struct buf text;

	(void)snprintf(path, sizeof(path), "%s/page/%s", folder != NULL && folder[0] == '/' ? folder : PKGDATADIR, name);
	buf_init(b, PART_MAX);
	if (fd_read_file(path, PART_MAX, b, &e) != 0)
		fail(1, "%s", e.text);
	*ret = buf_slice(b);
	if (sha256 == NULL)
		return;
	buf_init(&text, 48);
	leaf_sha256(*ret, slice_from(""), hash);
	if (text_base64(&text, slice_of(hash, sizeof(hash))) != 0)
		fail(1, "out of memory");
	(void)snprintf(sha256, 48, "%s", buf_cstr(&text));
	buf_done(&text);
}

static void
page_read(struct export_page *page)
{
	static struct buf parts[4];

	part_read("player.js", &parts[0], &page->player.bytes, page->player.sha256);
	part_read("page.js", &parts[1], &page->script.bytes, page->script.sha256);
	part_read("player.css", &parts[2], &page->player_style, NULL);
	part_read("page.css", &parts[3], &page->style, NULL);
}

/* ---- options ---- */

/* Up to three digits behind a point. */
static bool
fraction_parse(const char *text, uint64_t *ms)
{
	size_t n = strlen(text);

	if (n < 1 || n > 3 || !text_u64(slice_from(text), 999, ms))
		return false;
	for (; n < 3; n++)
		*ms *= 10;
	return true;
}

/* "90", "1:30", "1:00:00", "1:00:00.250" in seconds, minutes, hours. */
static uint64_t
time_parse(const char *text)
{
	uint64_t sum = 0, part, ms = 0;
	unsigned parts = 0;

	for (const char *at = text;; at++) {
		size_t n = strcspn(at, ":.");

		if (parts++ == 3 || !text_u64(slice_of(at, n), parts == 1 ? 1000000 : 59, &part) ||
		    (at[n] == '.' && !fraction_parse(at + n + 1, &ms)))
			fail(2, "--at %s: write seconds, M:SS or H:MM:SS, with .mmm if need be", text);
		sum = sum * 60 + part;
		at += n;
		if (*at != ':')
			return sum * 1000 + ms;
	}
}

static double
number_parse(const char *option, const char *text, double least, double most)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || *end != '\0' || !(v >= least && v <= most))
		fail(2, "%s %s: write a number from %g to %g", option, text, least, most);
	return v;
}

static const struct export_form *
form_parse(const char *name)
{
	const struct export_form *f = export_form_find(name);

	if (f == NULL)
		fail(2, "--export %s: the forms are %s", name, export_form_names());
	return f;
}

enum { OPT_DB = 256, OPT_SPEED, OPT_IDLE, OPT_AT, OPT_TEXT, OPT_EXPORT, OPT_FOLLOW, OPT_KEYS, OPT_INDEX, OPT_WATCH, OPT_JOIN,
	OPT_LIVE, OPT_READING };

static const struct option longs[] = {
	{ "db", required_argument, NULL, OPT_DB },     { "speed", required_argument, NULL, OPT_SPEED },
	{ "idle", required_argument, NULL, OPT_IDLE }, { "at", required_argument, NULL, OPT_AT },
	{ "text", no_argument, NULL, OPT_TEXT },       { "export", required_argument, NULL, OPT_EXPORT },
	{ "follow", no_argument, NULL, OPT_FOLLOW },   { "keys", no_argument, NULL, OPT_KEYS },
	{ "index", required_argument, NULL, OPT_INDEX }, { "watch", no_argument, NULL, OPT_WATCH },
	{ "join", no_argument, NULL, OPT_JOIN },       { "live", required_argument, NULL, OPT_LIVE },
	{ "reading", required_argument, NULL, OPT_READING }, { NULL, 0, NULL, 0 },
};

static void
option_take(struct options *o, int c, char **argv)
{
	switch (c) {
	case OPT_DB:     o->dir = optarg; break;
	case OPT_INDEX:  o->index = optarg; break;
	case OPT_SPEED:  o->replay.speed = number_parse("--speed", optarg, 0.25, 16); break;
	case OPT_IDLE:   o->replay.idle_ms = (uint64_t)(number_parse("--idle", optarg, 0, 86400) * 1000); break;
	case OPT_AT:     o->replay.at_ms = time_parse(optarg); o->at = true; break;
	case OPT_TEXT:   o->text = true; break;
	case OPT_EXPORT: o->form = form_parse(optarg); break;
	case OPT_FOLLOW: o->replay.follow = true; break;
	case OPT_WATCH:  o->watch = true; break;
	case OPT_JOIN:   o->watch = o->live.types = true; break;
	case OPT_LIVE:   o->live.fd = (int)number_parse("--live", optarg, 3, 1000); break;
	case OPT_READING: o->reading = (int)number_parse("--reading", optarg, 3, 1000); break;
	case OPT_KEYS:   replay_keys_print(); exit(0);
	case ':':        fail(2, "%s: it needs a value", argv[optind - 1]);
	default:         fail(2, "%s: no such option: there are --speed N, --idle SECONDS, --at TIME, --text, --export FORM, --follow and --keys",
			     argv[optind - 1]);
	}
}

static void
options_check(const struct options *o, unsigned n)
{
	if (o->dir == NULL || n == 0)
		fail(2, "write fortress replay [--speed N] [--idle SECONDS] [--at TIME] [--follow] [--text] [--export FORM] ID [ID]");
	if (o->watch && (n > 1 || o->text || o->form != NULL || (o->live.types && o->live.fd < 0)))
		fail(2, "a session that runs is looked at with fortress session watch ID, or join ID");
	if (n > 1 && (o->text || o->form != NULL))
		fail(2, "--text and --export are of one session");
	if (o->text && o->form != NULL)
		fail(2, "--text and --export: only one of them");
	if (o->form != NULL && export_form_is_raw(o->form) && isatty(STDOUT_FILENO))
		fail(1, "what was recorded is not sent to a terminal as it is: redirect it to a file, or name one with -o");
}

/* ---- what was asked for ---- */

static int
export_to_stdout(const struct options *o, const struct link *k, const struct replay_source *source)
{
	struct export_page page = { .player = { .sha256 = "" } };
	int r;

	if (export_form_is_page(o->form))
		page_read(&page);
	if (enter_sandbox((void *)(uintptr_t)o->dir) != 0)
		return 1;
	r = export_run(o->form, source, &k->facts, &page, STDOUT_FILENO);
	if (r == -EFBIG)
		fail(1, "this recording is too large for a page: --export cast makes a file that players take in pieces");
	if (r != 0)
		fail(1, "not exported whole: %s", k->broken[0] != '\0' ? k->broken : strerror(-r));
	return 0;
}

struct names { char user[200], login[200], host[200]; };

static int
length_ask(void *arg, uint64_t *length_ms, bool *open)
{
	return link_length(arg, length_ms, open);
}

#define TAIL ((uint64_t)8 << 20)          /* of more than four times as much */

static bool
tail_ask(void *arg, struct frame_screen *key)
{
	return link_tail(arg, TAIL, key);
}

static void
tape_fill(struct replay_tape *t, struct link *k, struct names *n)
{
	const struct facts *f = &k->facts;

	link_source(k, &t->source);
	t->info = (struct replay_info){ .id = facts_text(f, "id"), .start = { (int64_t)facts_number(f, "start_us") },
		.user = text_escaped(slice_from(facts_text(f, "user")), n->user, sizeof(n->user)),
		.login = text_escaped(slice_from(facts_text(f, "login")), n->login, sizeof(n->login)),
		.host = text_escaped(slice_from(facts_text(f, "host")), n->host, sizeof(n->host)) };
	t->tail = tail_ask;
	t->length = strcmp(facts_text(f, "state"), "open") == 0 ? length_ask : NULL;
}

static int
play(struct options *o, struct link links[DECK_MAX], unsigned n)
{
	struct replay_tape tapes[DECK_MAX];
	struct names names[DECK_MAX];
	int r;

	for (unsigned i = 0; i < n; i++)
		tape_fill(&tapes[i], &links[i], &names[i]);
	(void)signal(SIGPIPE, SIG_IGN);                  /* a reader that has gone is said, on a terminal that is put right */
	o->replay.enter = enter_sandbox;
	o->replay.enter_arg = (void *)(uintptr_t)o->dir;
	r = replay_run(tapes, n, &o->replay);
	if (r == -ENOTTY)
		fail(1, "this terminal cannot be drawn on: fortress replay --text %s shows the last screen", facts_text(&links[0].facts, "id"));
	if (r == -EIO)
		fail(1, "the recording cannot be read further: %s", links[0].broken[0] != '\0' ? links[0].broken : links[n - 1].broken);
	return r == 0 ? 0 : 1;
}

static int
watch(struct options *o, struct link *k)
{
	struct replay_tape tape;
	struct names names;
	bool ended;
	int r;

	tape_fill(&tape, k, &names);
	(void)signal(SIGPIPE, SIG_IGN);
	o->live.enter = enter_sandbox;
	o->live.enter_arg = (void *)(uintptr_t)o->dir;
	r = watch_run(&tape, &o->live, &ended);
	if (r == -ENOTTY)
		fail(1, "this terminal cannot be drawn on: fortress replay --text %s shows the last screen", tape.info.id);
	if (r == -EIO)
		fail(1, "the recording cannot be read further: %s", k->broken);
	if (ended)
		printf("The session %s has ended.\n", tape.info.id);
	return r == 0 ? 0 : 1;
}

static int
run(struct options *o, char **ids, unsigned n)
{
	int fd = reader_start(o, ids, n), r = 0;
	struct link links[DECK_MAX];
	struct replay_source source;

	for (unsigned i = 0; i < n; i++)
		if (link_init(&links[i], fd, (uint8_t)i) != 0)
			return 1;
	link_source(&links[0], &source);
	if (o->form != NULL)
		r = export_to_stdout(o, &links[0], &source);
	else if (o->text)
		r = enter_sandbox((void *)(uintptr_t)o->dir) == 0 &&
		    replay_text(&source, o->at ? o->replay.at_ms : UINT64_MAX / 2) == 0 ? 0 : 1;
	else if (o->watch)
		r = watch(o, &links[0]);
	else
		r = play(o, links, n);
	for (unsigned i = 0; i < n; i++)
		link_done(&links[i]);
	return r;
}

int
main(int argc, char **argv)
{
	struct options o = { .replay = { .speed = 1, .idle_ms = 2000 }, .live = { .fd = -1 }, .reading = -1 };
	int c;

	log_open("replay", LOG_LEVEL_INFO, 2);
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":", longs, NULL)) != -1)
		option_take(&o, c, argv);
	if (argc - optind > DECK_MAX)
		fail(2, "%s: not understood here: at most %d sessions are seen side by side", argv[optind + DECK_MAX], DECK_MAX);
	options_check(&o, (unsigned)(argc - optind));
	if (o.reading >= 0)
		(void)setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + NICE);      /* on a bastion those who work come first */
	return run(&o, argv + optind, (unsigned)(argc - optind));
}
