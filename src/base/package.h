/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What Debian's list of installed packages says. */
#ifndef BASE_PACKAGE_H
#define BASE_PACKAGE_H

#include <stddef.h>

#include "base/err.h"

#define PACKAGE_LIST        "/var/lib/dpkg/status"
#define PACKAGE_VERSION_MAX 128

/* The version in which a package is installed; -ENOENT: it is not, or there is no such list. */
int package_find(const char *list, const char *name, char version[PACKAGE_VERSION_MAX]);
/* Less than, equal to or greater than 0, in dpkg's order. */
int package_compare(const char *a, const char *b);
/* The libssh that is installed, which need not be the one this was built with; where no list names it, that one.  -EINVAL: it
 * lacks fixes that what faces the network must have; e says which it must be. */
int package_check_libssh(const char *list, char version[PACKAGE_VERSION_MAX], struct err *e);

#endif
