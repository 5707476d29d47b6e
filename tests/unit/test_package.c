/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Which libssh is installed, by dpkg's list, and whether that is new enough. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/package.h"
#include "tests/tap.h"

/* Each is less than the next. */
static const char *const in_order[] = { "0.9.8-0+deb11u1", "0.10.6~rc1-1", "0.10.6", "0.10.6-0ubuntu2", "0.10.6-0+deb12u1", "0.10.6-0+deb12u2", "0.10.6-0+deb12u3",
	"0.10.6-0+deb12u10", "0.10.6-1", "0.10.06-2", "0.10.6+git-1", "0.11.2-1+deb13u1", "0.12~beta-1", "0.12-1", "2.0", "1:0.1-1" };

static const char list[] =
    "Package: libssh-4-dbg\nStatus: install ok installed\nVersion: 9\n\n"
    "Package: libssh-4\nStatus: deinstall ok config-files\nArchitecture: i386\nVersion: 0.1\n\n"
    "Package: libssh-4\nStatus: install ok installed\nArchitecture: amd64\nDepends: x (>= 1)\nDescription: y\n Version: 7\nVersion: %s\n\n"
    "Package: zlib\nStatus: install ok installed\nVersion: 8\n";

static const struct { const char *version; int want; } levels[] = {
	{ "0.10.6-0+deb12u1", -EINVAL }, { "0.10.6-0+deb12u2", -EINVAL }, { "0.9.5-1", -EINVAL }, { LIBSSH_LEAST, 0 }, { "0.10.6-0+deb12u11", 0 },
	{ "0.11.2-1", 0 },
};

static void
test_level(const char *path, const char *version, int want)
{
	char found[PACKAGE_VERSION_MAX] = "";
	struct err e = { 0 };
	FILE *f = fopen(path, "w");
	int r;

	if (f == NULL)
		abort();
	(void)fprintf(f, list, version);
	(void)fclose(f);
	r = package_check_libssh(path, found, &e);
	ok(r == want && strcmp(found, version) == 0 && (r == 0) == (e.text[0] == '\0'), "libssh %s: %s", version, r == 0 ? "good" : e.text);
}

int
main(void)
{
	char path[] = "/tmp/test_package.XXXXXX", found[PACKAGE_VERSION_MAX] = "";
	size_t n = sizeof(in_order) / sizeof(in_order[0]);
	int fd = mkstemp(path), wrong = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++) {
			int r = package_compare(in_order[i], in_order[k]);

			if ((r < 0) != (i < k) || (r > 0) != (i > k)) {
				wrong++;
				printf("# %s, %s: %d\n", in_order[i], in_order[k], r);
			}
		}
	ok(wrong == 0, "versions are in dpkg's order");
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		test_level(path, levels[i].version, levels[i].want);
	ok(package_find(path, "libssh", found) == -ENOENT && package_find(path, "libssh-4-dbg", found) == 0 && strcmp(found, "9") == 0, "a name is the whole name");
	ok(package_find("/proc/none", "libssh-4", found) == -ENOENT && package_check_libssh("/proc/none", found, NULL) == 0 &&
	    strcmp(found, LIBSSH_LEVEL) == 0, "without a list it is the one that this was built with");
	(void)close(fd);
	(void)unlink(path);
	return tap_done();
}
