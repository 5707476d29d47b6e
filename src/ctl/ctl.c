/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What every command needs: failing, times as people write them, the database. */
#include <errno.h>
#include <getopt.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "ctl/ctl.h"
#include "db/db.h"

enum { OPTIONS_MAX = 32 };

void
command_print(FILE *to, const struct command *k)
{
	fprintf(to, "fortress %s%s%s%s", k->noun, k->verb != NULL ? " " : "", k->verb != NULL ? k->verb : "",
	    k->args[0] != '\0' ? " " : "");
	for (const char *p = k->args; *p != '\0'; p++)
		fputs(*p == '\n' ? "\n           " : (const char[]){ *p, '\0' }, to);
	fputc('\n', to);
}

static void
complain(const struct ctl *c, const char *fmt, va_list ap)
{
	char text[1024], shown[2048];

	vsnprintf(text, sizeof(text), fmt, ap);
	fprintf(stderr, "fortress %s%s%s: %s\n", c->command->noun, c->command->verb != NULL ? " " : "",
	    c->command->verb != NULL ? c->command->verb : "", text_cleaned(slice_from(text), shown, sizeof(shown)));
}

int
ctl_usage(const struct ctl *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(c, fmt, ap);
	va_end(ap);
	fputs("usage: ", stderr);
	command_print(stderr, c->command);
	return CTL_USAGE;
}

int
ctl_bad(const struct ctl *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(c, fmt, ap);
	va_end(ap);
	return CTL_USAGE;
}

void
ctl_note(const struct ctl *c, const char *fmt, ...)
{
	va_list ap;

	if (c->format != OUT_TEXT)
		return;
	fputs("fortress: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

static void
option_unknown(const struct ctl *c, const char *word, const struct option *longs)
{
	const char *names[OPTIONS_MAX], *near;
	size_t n = 0;

	for (; n < OPTIONS_MAX && longs[n].name != NULL; n++)
		names[n] = longs[n].name;
	near = strncmp(word, "--", 2) == 0 ? text_nearest(word + 2, names, n) : NULL;
	if (near != NULL)
		(void)ctl_usage(c, "%s: no such option; did you mean --%s?", word, near);
	else
		(void)ctl_usage(c, "%s: no such option", word);
}

int
ctl_option(const struct ctl *c, int argc, char **argv, const char *shorts, const struct option *longs)
{
	int o;

	opterr = 0;
	o = getopt_long(argc, argv, shorts, longs, NULL);
	if (o == ':')
		(void)ctl_usage(c, "%s: needs a value", argv[optind - 1]);
	else if (o == '?' && optopt != 0 && strchr(argv[optind - 1], '=') != NULL)
		(void)ctl_usage(c, "%s: takes no value", argv[optind - 1]);
	else if (o == '?')
		option_unknown(c, argv[optind - 1], longs);
	return o == ':' ? '?' : o;
}

/* The n-th word (from 0) of the command's arguments that must be there, into name; false: there are not so many. */
static bool
word_name(const char *args, int n, char *name, size_t size)
{
	for (const char *p = args; *p != '\0';) {
		size_t len = *p == '[' ? strcspn(p, "]") + 1 : strcspn(p, " \n");

		if (*p != '[' && *p != ' ' && *p != '\n' && *p != '.' && *p != '-' && n-- == 0) {
			snprintf(name, size, "%.*s", (int)len, p);
			return true;
		}
		p += len < strlen(p) ? len : strlen(p);
		p += strspn(p, " \n.]");
	}
	return false;
}

int
ctl_words(const struct ctl *c, int argc, char **argv, int min, int max)
{
	int n = argc - optind;
	char name[64];

	if (n < min && word_name(c->command->args, n, name, sizeof(name)))
		return ctl_usage(c, "%s is missing", name);
	if (n < min)
		return ctl_usage(c, "something is missing");
	return n <= max ? CTL_OK : ctl_usage(c, "%s: not understood here", argv[optind + max]);
}

int
ctl_plain(const struct ctl *c, int argc, char **argv, int min, int max)
{
	static const struct option none[] = { { NULL, 0, NULL, 0 } };

	optind = 0;
	return ctl_option(c, argc, argv, ":", none) == -1 ? ctl_words(c, argc, argv, min, max) : CTL_USAGE;
}

int
ctl_valued(const struct ctl *c, int argc, char **argv, const char *name, const char **value, int min, int max)
{
	const struct option longs[] = { { name, required_argument, NULL, 'v' }, { NULL, 0, NULL, 0 } };
	int o;

	optind = 0;
	while ((o = ctl_option(c, argc, argv, ":", longs)) == 'v')
		*value = optarg;
	return o == -1 ? ctl_words(c, argc, argv, min, max) : CTL_USAGE;
}

int
ctl_fail(struct ctl *c, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)err_set(&c->e, -EINVAL, "%s", text);
	return CTL_FAILED;
}

struct out *
ctl_out(const struct ctl *c, const struct out_column *columns, bool one)
{
	struct out *o = out_new(stdout, c->format, columns, one);

	if (o == NULL) {
		fputs("fortress: out of memory\n", stderr);
		exit(CTL_FAILED);
	}
	return o;
}

bool
ctl_parse_duration(const char *text, uint64_t *seconds)
{
	static const struct { char unit; uint64_t seconds; } units[] = {
		{ 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 'w', 604800 },
	};
	struct slice digits = slice_from(text);
	uint64_t factor = 1, v;

	for (size_t i = 0; digits.n > 0 && i < sizeof(units) / sizeof(units[0]); i++)
		if (digits.p[digits.n - 1] == (unsigned char)units[i].unit) {
			factor = units[i].seconds;
			digits.n--;
			break;
		}
	if (!text_u64(digits, 100000000, &v))
		return false;
	*seconds = v * factor;
	return true;
}

bool
ctl_parse_time(const char *text, int64_t *us)
{
	static const char *const forms[] = {
		"%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d",
	};
	uint64_t ago;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct tm tm = { .tm_isdst = -1 };
		const char *end = strptime(text, forms[i], &tm);

		if (end == NULL || *end != '\0')
			continue;
		*us = (int64_t)(i == 0 ? timegm(&tm) : mktime(&tm)) * 1000000;
		return true;
	}
	if (!ctl_parse_duration(text, &ago))
		return false;
	*us = clock_wall().us - (int64_t)ago * 1000000;
	return true;
}

bool
ctl_parse_expiry(const char *text, uint64_t *us)
{
	int64_t now = clock_wall().us, at;
	uint64_t left;

	if (strcmp(text, "never") == 0) {
		*us = 0;
		return true;
	}
	if (ctl_parse_duration(text, &left))
		at = now + (int64_t)left * 1000000;
	else if (!ctl_parse_time(text, &at))
		return false;
	*us = (uint64_t)at;
	return at > now;
}

bool
ctl_print_utc(uint64_t us, char *out, size_t size)
{
	time_t t = (time_t)(us / 1000000);
	struct tm tm;

	out[0] = '\0';
	return us == 0 || (gmtime_r(&t, &tm) != NULL && strftime(out, size, "%Y-%m-%dT%H:%M:%SZ", &tm) > 0);
}

struct db *
ctl_db(struct ctl *c)
{
	char dir[2100];
	struct db *db;

	snprintf(dir, sizeof(dir), "%s/db", c->state);
	db = db_open_read(dir, &c->e);
	if (db == NULL && c->e.code == -ENOENT && !c->state_given)
		(void)err_set(&c->e, -ENOENT, "%s: there is no bastion's database here: name the bastion's state with --state or "
		    "FORTRESS_STATE", dir);
	if (db == NULL && c->e.code == -EACCES)
		(void)err_set(&c->e, -EACCES, "%s: Permission denied: only root and the bastion's own accounts may", dir);
	return db;
}

const char *
ctl_actor(void)
{
	const struct passwd *pw = getpwuid(getuid());

	return pw != NULL ? pw->pw_name : "unknown";
}
