/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * staragent: an SSH server on one host for one bastion.
 *
 * options → host key, admitted keys → listening socket → (background) → warm → loop.
 * This process listens and forks; session.c is what runs per connection, exec.c starts what
 * people asked for.  It keeps no secret of the bastion and decides nothing but "is this its key".
 */
#include <errno.h>
#include <fcntl.h>
#include <libssh/libssh.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/keys.h"
#include "agent/listen.h"
#include "agent/options.h"
#include "agent/server.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/sandbox.h"

static int
print_host_key(const char *path)
{
	ssh_key key;
	struct buf text;
	struct err e;

	if (hostkey_load(path, &key, &e) < 0)
		fatal("%s", e.text);
	buf_init(&text, 256);
	if (hostkey_print(key, &text) < 0)
		fatal("%s: cannot be printed", path);
	ssh_key_free(key);
	(void)printf("%s\n", buf_cstr(&text));
	buf_done(&text);
	return fflush(stdout) == 0 ? 0 : 1;
}

static int
open_log(const struct options *o)
{
	int fd = 2;

	if (o->log != NULL)
		fd = open(o->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0640);
	if (fd < 0)
		fatal("%s: %s", o->log, strerror(errno));
	log_open("staragent", o->verbose ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO, fd);
	return fd;
}

/* Who started us waits in the parent, until all is done that may fail; so connections are taken by then, and the pid is in its file.
 * The end of the pipe that tells it. */
static int
leave_terminal(void)
{
	int pair[2];
	pid_t pid;
	char c;

	if (pipe2(pair, O_CLOEXEC) != 0 || (pid = fork()) < 0)
		fatal("cannot go to the background: %s", strerror(errno));
	if (pid > 0) {
		close(pair[1]);
		_exit(fd_read_full(pair[0], &c, 1) == 1 ? 0 : 1);
	}
	close(pair[0]);
	(void)setsid();
	return pair[1];
}

static void
terminal_left(int told)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int i = 0; null >= 0 && i < 3; i++)
		(void)dup2(null, i);
	if (null > 2)
		fd_close(&null);
	(void)fd_write_full(told, "+", 1);
	fd_close(&told);
}

static void
write_pidfile(const char *path)
{
	char text[32];
	struct err e;
	int n = snprintf(text, sizeof text, "%d\n", (int)getpid());

	if (fd_write_file(path, text, (size_t)n, 0644, &e) < 0)
		fatal("%s", e.text);
}

/* The next agent may have written its own meanwhile. */
static void
remove_pidfile(const char *path)
{
	struct buf text;

	buf_init(&text, 65536);
	if (fd_read_file(path, 32, &text, NULL) == 0 && strtol(buf_cstr(&text), NULL, 10) == (long)getpid())
		(void)unlink(path);
	buf_done(&text);
}

static int
serve(const struct options *o)
{
	struct authorized *keys;
	struct server *sv;
	char shown[160];
	struct err e;
	ssh_key key;
	int fd, rc, told = -1;

	(void)open_log(o);
	if (hostkey_load(o->host_key, &key, &e) < 0 || server_new(key, &sv, &e) < 0 ||
	    authorized_load(o->authorized, &keys, &e) < 0)
		fatal("%s", e.text);
	fd = listen_open(o, shown, sizeof shown, &e);
	if (fd < 0)
		fatal("%s", e.text);
	if (o->background)
		told = leave_terminal();
	if (o->pidfile != NULL)
		write_pidfile(o->pidfile);
	if (told >= 0)
		terminal_left(told);
	if (server_warm(sv) < 0)
		log_warn("no warm start: connections cost a little more");
	log_info("listening: %s: pid=%d", shown, (int)getpid());
	rc = listen_run(o, sv, keys, fd);
	if (rc < 0)
		log_error("stopped: %s", strerror(-rc));
	if (o->pidfile != NULL)
		remove_pidfile(o->pidfile);
	authorized_free(keys);
	server_free(sv);
	return rc < 0 ? 1 : 0;
}

int
main(int argc, char **argv)
{
	struct options o;
	struct err e;

	sandbox_title_init(argc, argv);
	log_open("staragent", LOG_LEVEL_INFO, 2);
	(void)signal(SIGPIPE, SIG_IGN);
	if (options_parse(&o, argc, argv, &e) < 0)
		fatal("%s", e.text);
	if (o.help || o.version) {
		if (o.help)
			options_print_help(stdout);
		else
			(void)printf("staragent %s\n", PACKAGE_VERSION);
		return fflush(stdout) == 0 ? 0 : 1;
	}
	if (ssh_init() != SSH_OK)
		fatal("libssh does not start");
	return o.print_host_key ? print_host_key(o.host_key) : serve(&o);
}
