/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * fortress replay: puts on the record who reads which recordings and how, then starts the program that looks at their
 * bytes in its sandbox.  The file of an export is made here, since that program can open none.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/spawn.h"
#include "base/text.h"
#include "ctl/ask.h"
#include "ctl/replay.h"
#include "ctl/session.h"
#include "ctl/texts.h"

enum { OPTIONS_MAX = 16, IDS_MAX = 2 };

struct job {
	char *options[OPTIONS_MAX + 5];          /* for the replay program, which knows what their values may be */
	unsigned options_n, n;
	char *ids[IDS_MAX];
	char whole[IDS_MAX][ID_TEXT];
	const char *form, *file;                 /* of an export; file NULL or "-": standard output */
	bool offline, exact;
	char index[2100];
};

/* argv for it, to be freed; NULL: no memory. */
static char **
words_make(char *path, char *dir, char *const *options, char *const *ids, unsigned n)
{
	char **args = calloc(OPTIONS_MAX + IDS_MAX + 8, sizeof(*args));
	unsigned k = 0;

	if (args == NULL)
		return NULL;
	args[k++] = path;
	args[k++] = (char *)(uintptr_t)"--db";
	args[k++] = dir;
	for (; *options != NULL; options++)
		args[k++] = *options;
	args[k++] = (char *)(uintptr_t)"--";
	for (unsigned i = 0; i < n; i++)
		args[k++] = ids[i];
	return args;
}

int
replay_exec(struct ctl *c, char *const *options, char *const *ids, unsigned n)
{
	char path[4096], dir[2100], **args;

	snprintf(dir, sizeof(dir), "%s/db", c->state);
	args = words_make(path, dir, options, ids, n);
	if (args == NULL || spawn_path("fortress-replay", path, sizeof(path)) != 0) {
		free(args);
		return ctl_fail(c, "out of memory");
	}
	execv(path, args);
	free(args);
	return ctl_fail(c, "%s: %s: fortress session print shows the recording as text", path, strerror(errno));
}

/* ---- an export into a file: all of it, or none ---- */

static int
program_wait(struct ctl *c, const struct job *j, int fd)
{
	char path[4096], dir[2100], **args;
	struct spawn s = { .path = path, .envp = environ, .stdio = { -1, fd, -1 } };
	int status = 0, r;
	pid_t pid;

	snprintf(dir, sizeof(dir), "%s/db", c->state);
	args = words_make(path, dir, j->options, j->ids, j->n);
	if (args == NULL || spawn_path("fortress-replay", path, sizeof(path)) != 0) {
		free(args);
		return ctl_fail(c, "out of memory");
	}
	s.argv = args;
	pid = spawn_start(&s, &c->e);
	free(args);
	if (pid < 0)
		return CTL_FAILED;
	while ((r = waitpid(pid, &status, 0)) < 0 && errno == EINTR)
		continue;
	if (r == pid && WIFEXITED(status))
		return WEXITSTATUS(status);
	return ctl_fail(c, "%s: ended by signal %d", path, WTERMSIG(status));
}

static int
export_to_file(struct ctl *c, const struct job *j)
{
	int fd = open(j->file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600), r;
	char shown[300];

	(void)text_cleaned(slice_from(j->file), shown, sizeof(shown));
	if (fd < 0)
		return ctl_fail(c, "%s: %s%s", shown, strerror(errno), errno == EEXIST ? ": name another file, or remove it" : "");
	r = program_wait(c, j, fd);
	if (r == CTL_OK && fsync(fd) != 0 && errno != EINVAL)
		r = ctl_fail(c, "%s: %s", shown, strerror(errno));
	fd_close(&fd);
	if (r != CTL_OK)
		(void)unlink(j->file);
	else if (c->format == OUT_TEXT)
		fprintf(stderr, "exported: %s\n", shown);
	return r;
}

/* ---- options ---- */

static void
option_keep(struct job *j, char **argv)
{
	char *last = argv[optind - 1];

	if (optarg == last)                              /* a word of its own behind the option's */
		j->options[j->options_n++] = argv[optind - 2];
	j->options[j->options_n++] = last;
}

static int
options_take(struct ctl *c, struct job *j, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "speed", required_argument, NULL, 0 }, { "idle", required_argument, NULL, 0 }, { "at", required_argument, NULL, 0 },
		{ "text", no_argument, NULL, 0 }, { "follow", no_argument, NULL, 0 }, { "export", required_argument, NULL, 'e' },
		{ "offline", no_argument, NULL, 'O' }, { "exact", no_argument, NULL, 'E' }, { NULL, 0, NULL, 0 },
	};
	int o;

	optind = 0;
	while ((o = ctl_option(c, argc, argv, ":o:", longs)) != -1) {
		if (o == '?')
			return CTL_USAGE;
		if (j->options_n >= OPTIONS_MAX)
			return ctl_usage(c, "too many options");
		if (o == 'o')
			j->file = optarg;
		else if (o == 'O')
			j->offline = true;
		else if (o == 'E')
			j->exact = true;
		else
			option_keep(j, argv);
		if (o == 'e')
			j->form = optarg;
	}
	if (j->file != NULL && j->form == NULL)
		return ctl_usage(c, "-o %s: in which form?  --export cast, cast2, text, json, raw or html", j->file);
	return ctl_words(c, argc, argv, 1, j->form != NULL ? 1 : IDS_MAX);
}

/* Each of them, before the first byte is read. */
static int
record_reading(struct ctl *c, const struct job *j)
{
	char how[80] = "replay", form[60];

	if (j->offline) {
		fputs("fortress: --offline: that this recording is read is not on the record\n", stderr);
		return 0;
	}
	if (j->form != NULL)
		snprintf(how, sizeof(how), "export %s", text_cleaned(slice_from(j->form), form, sizeof(form)));
	for (unsigned i = 0; i < j->n; i++)
		if (ask_view(c, j->whole[i], how) != 0)
			return -EPERM;
	return 0;
}

static int
sessions_open(struct ctl *c, struct job *j, char **words)
{
	struct db *db = ctl_db(c);
	unsigned char ids[IDS_MAX][ID_BYTES];
	int r = db != NULL ? 0 : -ENOENT;

	for (unsigned i = 0; r == 0 && i < j->n; i++) {
		r = session_find(c, db, words[i], ids[i], j->whole[i]);
		j->ids[i] = j->whole[i];
	}
	r = r == 0 ? record_reading(c, j) : r;
	if (r == 0 && j->form == NULL && !j->exact && texts_prepare(c, db, ids, j->n)) {
		j->options[j->options_n++] = (char *)(uintptr_t)"--index";
		j->options[j->options_n++] = j->index;
		(void)texts_dir(c, j->index, sizeof(j->index));
	}
	db_close(db);
	return r;
}

int
replay_run(struct ctl *c, int argc, char **argv)
{
	struct job j = { .n = 0 };
	int r = options_take(c, &j, argc, argv);

	if (r != CTL_OK)
		return r;
	j.n = (unsigned)(argc - optind);
	if (sessions_open(c, &j, argv + optind) != 0)
		return CTL_FAILED;
	return j.file != NULL && strcmp(j.file, "-") != 0 ? export_to_file(c, &j) : replay_exec(c, j.options, j.ids, j.n);
}
