/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Commands in the index of texts: kept in order, known better, taken back, forgotten; and whose session a row is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "db/index.h"
#include "tests/tap.h"

static char dir[] = "/tmp/fortress-index-XXXXXX";
static char said[4000];

static int
note(void *arg, const struct command_seen *c)
{
	size_t n = strlen(said);

	(void)arg;
	snprintf(said + n, sizeof(said) - n, "%llu %s %s %d %.*s|", (unsigned long long)c->t_ms, command_source_name(c->source),
	    command_sure_name(c->sure), c->exit, (int)c->text.n, (const char *)c->text.p);
	return 0;
}

static const char *
listed(struct index *x, int64_t session)
{
	struct err e = { 0 };

	said[0] = '\0';
	return index_list_commands(x, session, note, NULL, &e) == 0 ? said : "it failed";
}

static int
count(void *arg, const struct index_line *l)
{
	(void)l;
	++*(unsigned *)arg;
	return 0;
}

static unsigned
found(struct index *x, const char *text)
{
	struct index_query q = { .text = text };
	struct err e = { 0 };
	unsigned n = 0;

	return index_search(x, &q, count, &n, &e) == 0 ? n : 999;
}

static void
add(struct index *x, int64_t session, uint64_t t_ms, enum command_source source, const char *text)
{
	struct command_seen c = { .t_ms = t_ms, .source = source, .sure = COMMAND_MEDIUM, .exit = -1, .text = slice_from(text) };
	struct err e = { 0 };

	if (index_add_command(x, session, &c, &e) != 0)
		printf("# %s\n", e.text);
}

static void
test_commands(struct index *x)
{
	struct index_line between = { .session = 1, .class_uid = INDEX_SCREEN, .t_ms = 15, .text = slice_from("what ls fil brings") };
	struct command_seen c = { .sure = COMMAND_HIGH, .exit = 3 };
	struct index_done d = { .session = 1, .over = true, .id = "fifteen bytes..", .how = INDEX_SLOW }, got;
	struct err e = { 0 };

	ok(index_begin(x, &e) == 0, "a transaction begins");
	ok(index_better(x, 1, &c, &e) == 0, "where there is none, none is known better");
	add(x, 1, 10, COMMAND_MARK, "false");
	ok(index_better(x, 1, &c, &e) == 0, "how it ended");
	add(x, 2, 5, COMMAND_EXEC, "id");
	add(x, 1, 12, COMMAND_SCREEN, "ls fil");
	ok(index_add(x, &between, &e) == 0, "a line behind it");
	c.sure = COMMAND_NONE;
	ok(index_better(x, 1, &c, &e) == 0, "it was none after all");
	add(x, 1, 20, COMMAND_SCREEN, "ls file-one\nand more");
	is(listed(x, 1), "10 osc133 high 3 false|20 screen medium -1 ls file-one\nand more|", "those of one session, in order");
	is(listed(x, 2), "5 exec medium -1 id|", "and of the other");
	ok(found(x, "ls fil") == 2 && found(x, "fil brings") == 1, "what was taken back is not found, the line behind it is");
	ok(index_set_done(x, &d, &e) == 0 && index_find_done(x, 1, &got, &e) == 0 && memcmp(got.id, d.id, ID_BYTES) == 0 && got.how == INDEX_SLOW,
	    "whose it is, and what of it is there");
	ok(index_forget(x, &d, &e) == 0 && index_find_done(x, 1, &got, &e) == 0 && memcmp(got.id, d.id, ID_BYTES) == 0 && got.how == INDEX_ERASED,
	    "it is forgotten");
	is(listed(x, 1), "", "and all its commands with it");
	ok(found(x, "file-one") == 0 && found(x, "brings") == 0, "nor is it found");
	ok(index_commit(x, &e) == 0, "%s", e.text);
}

int
main(void)
{
	struct err e = { 0 };
	struct index *x;
	char command[80];

	if (mkdtemp(dir) == NULL)
		return 1;
	x = index_open(dir, true, &e);
	ok(x != NULL, "an index is made where there is none");
	if (x != NULL)
		test_commands(x);
	index_close(x);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	ok(system(command) == 0, "and taken away");
	return tap_done();
}
