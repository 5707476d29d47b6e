/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Debian backports fixes without a change of upstream's version, and a program lives on when a library below it is replaced: so
 * what configure found is looked at again.  dpkg's list is paragraphs of "Field: value"; its order of versions (deb-version(7))
 * compares epoch, upstream version and revision, each as runs of other characters and of digits by turns, where "~" comes before
 * the end and letters before the rest.
 */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/package.h"

#define LIBSSH "libssh-4"

/* The value of a field, if that is what the line has. */
static const char *
field(const char *line, const char *name)
{
	size_t n = strlen(name);

	return strncmp(line, name, n) == 0 && line[n] == ':' && line[n + 1] == ' ' ? line + n + 2 : NULL;
}

int
package_find(const char *list, const char *name, char version[PACKAGE_VERSION_MAX])
{
	FILE *f = fopen(list, "re");
	char *line = NULL, found[PACKAGE_VERSION_MAX] = "";
	size_t size = 0;
	bool here = false, installed = false;
	const char *value;

	if (f == NULL)
		return -ENOENT;
	while (!(here && installed && found[0] != '\0') && getline(&line, &size, f) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if ((value = field(line, "Package")) != NULL) {
			here = strcmp(value, name) == 0;
			installed = false;
			found[0] = '\0';
		} else if (here && (value = field(line, "Status")) != NULL)
			installed = strcmp(value, "install ok installed") == 0 || strcmp(value, "hold ok installed") == 0;
		else if (here && (value = field(line, "Version")) != NULL && strlen(value) < sizeof(found))
			(void)snprintf(found, sizeof(found), "%s", value);
	}
	free(line);
	(void)fclose(f);
	if (!here || !installed || found[0] == '\0')
		return -ENOENT;
	(void)snprintf(version, PACKAGE_VERSION_MAX, "%s", found);
	return 0;
}

/* Where one character stands among those that are no digits. */
static int
weight(const char *p, const char *end)
{
	if (p == end || isdigit((unsigned char)*p))
		return 0;
	if (*p == '~')
		return -1;
	return isalpha((unsigned char)*p) ? *p : *p + 256;
}

static int
compare_part(const char *a, const char *a_end, const char *b, const char *b_end)
{
	while (a < a_end || b < b_end) {
		int first = 0;

		while ((a < a_end && !isdigit((unsigned char)*a)) || (b < b_end && !isdigit((unsigned char)*b))) {
			if (weight(a, a_end) != weight(b, b_end))
				return weight(a, a_end) - weight(b, b_end);
			a++;
			b++;
		}
		while (a < a_end && *a == '0')
			a++;
		while (b < b_end && *b == '0')
			b++;
		for (; a < a_end && b < b_end && isdigit((unsigned char)*a) && isdigit((unsigned char)*b); a++, b++)
			if (first == 0)
				first = *a - *b;
		if (a < a_end && isdigit((unsigned char)*a))
			return 1;
		if (b < b_end && isdigit((unsigned char)*b))
			return -1;
		if (first != 0)
			return first;
	}
	return 0;
}

int
package_compare(const char *a, const char *b)
{
	const char *a_colon = strchr(a, ':'), *b_colon = strchr(b, ':'), *a_dash = strrchr(a, '-'), *b_dash = strrchr(b, '-');
	long a_epoch = a_colon != NULL ? strtol(a, NULL, 10) : 0, b_epoch = b_colon != NULL ? strtol(b, NULL, 10) : 0;
	const char *a_end = a + strlen(a), *b_end = b + strlen(b);
	int r;

	if (a_epoch != b_epoch)
		return a_epoch < b_epoch ? -1 : 1;
	a = a_colon != NULL ? a_colon + 1 : a;
	b = b_colon != NULL ? b_colon + 1 : b;
	r = compare_part(a, a_dash != NULL ? a_dash : a_end, b, b_dash != NULL ? b_dash : b_end);
	return r != 0 ? r : compare_part(a_dash != NULL ? a_dash + 1 : a_end, a_end, b_dash != NULL ? b_dash + 1 : b_end, b_end);
}

int
package_check_libssh(const char *list, char version[PACKAGE_VERSION_MAX], struct err *e)
{
	if (package_find(list, LIBSSH, version) != 0) {
		(void)snprintf(version, PACKAGE_VERSION_MAX, "%s", LIBSSH_LEVEL);
		return 0;
	}
	if (package_compare(version, LIBSSH_LEAST) < 0)
		return err_set(e, -EINVAL, "libssh %s is installed, which lacks the fixes of " LIBSSH_LEAST, version);
	return 0;
}
