/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A bastion that would start and then serve nobody is found out while its configuration is read: here each keyword whose
 * value names something outside has a row with the function that looks.  Nothing is opened for longer than the look.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "monitor/conf_check.h"

enum { PATH_BYTES = 4096 };

struct look { const char *value, *path; char *why; size_t size; };

static bool
is_number_of_port(const char *text)
{
	uint64_t port;

	return text_u64(slice_from(text), 65535, &port) && port > 0;
}

/* "ADDRESS:PORT" or "[V6]:PORT" */
static bool
look_place(const struct look *l)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST }, *ai = NULL;
	char host[256], *colon;
	bool good;

	if (snprintf(host, sizeof(host), "%s", l->value) >= (int)sizeof(host) || (colon = strrchr(host, ':')) == NULL ||
	    !is_number_of_port(colon + 1)) {
		snprintf(l->why, l->size, "write an address and a port from 1 to 65535, e.g. 0.0.0.0:2222 or [::]:2222");
		return false;
	}
	*colon = '\0';
	if (host[0] == '[' && colon > host + 1 && colon[-1] == ']')
		colon[-1] = '\0';
	good = getaddrinfo(host[0] == '[' ? host + 1 : host, NULL, &hints, &ai) == 0;
	if (good)
		freeaddrinfo(ai);
	else
		snprintf(l->why, l->size, "not an IP address; write e.g. 127.0.0.1:2222, or 0.0.0.0:2222 for all of them");
	return good;
}

/* The first bytes of a file that can be read. */
static bool
head_read(const struct look *l, char *head, size_t size)
{
	int fd = open(l->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n = fd >= 0 ? fd_read_full(fd, head, size - 1) : -errno;

	fd_close(&fd);
	if (n >= 0)
		head[n] = '\0';
	else
		snprintf(l->why, l->size, "%s: %s", l->path, strerror((int)-n));
	return n >= 0;
}

static bool
look_file(const struct look *l)
{
	char head[2];

	return head_read(l, head, sizeof(head));
}

static bool
look_key(const struct look *l)
{
	char head[64];

	if (!head_read(l, head, sizeof(head)))
		return false;
	if (strncmp(head, "-----BEGIN ", 11) == 0)
		return true;
	snprintf(l->why, l->size, "%s: not a private key: ssh-keygen -t ed25519 -f makes one", l->path);
	return false;
}

static bool
look_directory(const struct look *l)
{
	char dir[PATH_BYTES], *slash;
	struct stat st;

	snprintf(dir, sizeof(dir), "%s", l->path);
	slash = strrchr(dir, '/');
	if (slash == NULL)
		return true;
	slash[slash == dir] = '\0';
	if (stat(dir, &st) == 0 && S_ISDIR(st.st_mode))
		return true;
	snprintf(l->why, l->size, "%s: there is no such directory", dir);
	return false;
}

/* Without root all processes run as whoever starts them. */
static bool
look_account(const struct look *l)
{
	if (geteuid() != 0 || getpwnam(l->value) != NULL)
		return true;
	snprintf(l->why, l->size, "there is no such account: useradd --system %s makes it", l->value);
	return false;
}

static const struct {
	const char *keyword;
	bool (*fn)(const struct look *);
	bool live;                     /* looks at this machine */
} rows[] = {
	{ "ListenAddress", look_place, false }, { "HostKey", look_key, true }, { "Policy", look_file, true },
	{ "TrustedUserCAKeys", look_file, true }, { "RevokedKeys", look_file, true },
	{ "CheckpointFile", look_directory, true }, { "CheckpointSyslog", look_directory, true }, { "User", look_account, true }, { "GateUser", look_account, true },
	{ "StoreUser", look_account, true },
};

bool
conf_check(const char *keyword, const char *value, const char *state_dir, bool live, char *why, size_t size)
{
	char path[PATH_BYTES];
	struct look l = { value, path, why, size };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcasecmp(rows[i].keyword, keyword) != 0 || (rows[i].live && !live))
			continue;
		if (snprintf(path, sizeof(path), "%s%s%s", value[0] == '/' ? "" : state_dir, value[0] == '/' ? "" : "/", value) >=
		    (int)sizeof(path)) {
			snprintf(why, size, "too long");
			return false;
		}
		return rows[i].fn(&l);
	}
	return true;
}
