/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * EOF goes out after the last byte, then the exit status, then CLOSE: OpenSSH answers EOF with CLOSE at once when its own
 * input is over.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libssh/callbacks.h>
#include <libssh/server.h>

#include "agent/job.h"
#include "agent/digest.h"
#include "agent/exec.h"
#include "agent/pump.h"
#include "agent/argv.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/text.h"

#define LEAVE_MS 3000                    /* for a child to read what its peer left behind, and to end by itself: what is revoked ends in 5 s */

struct job {
	const struct job_host *host;
	ssh_channel ssh;
	struct ssh_channel_callbacks_struct callbacks;
	unsigned number;
	struct exec_want want;
	struct pump pump;
	struct argv words;
	bool wordy;                      /* they are on their way */
	pid_t leader;
	int status;
	bool reaped, gone, closed;
	bool limited;                    /* its limits were named */
	int verdict;                     /* exec.h, or -1 */
	struct loop_timer timeout;
	bool timed_out;
	struct loop_timer leaving;       /* since the peer closed */
	bool late;
};

/* --- what the peer asks for ------------------------------------------------------------ */

static int
on_pty(ssh_session s, ssh_channel ch, const char *term, int cols, int rows, int x, int y, void *arg)
{
	struct job *c = arg;

	(void)s, (void)ch;
	if (c->pump.started || !c->host->may_pty)
		return -1;
	c->want.pty = true;
	exec_set_term(&c->want, term);
	c->want.size = exec_size_from(cols, rows, x, y);
	return 0;
}

static int
on_resize(ssh_session s, ssh_channel ch, int cols, int rows, int x, int y, void *arg)
{
	struct job *c = arg;

	(void)s, (void)ch;
	c->want.size = exec_size_from(cols, rows, x, y);
	if (!c->want.pty)
		return -1;
	return c->pump.started && c->pump.out.fd >= 0 ? exec_resize(c->pump.out.fd, c->want.size) : 0;
}

/* Once, and all of them or nothing is run. */
static int
take_limits(struct job *c, const char *line)
{
	if (!c->limited && limits_parse(slice_from(line), &c->want.limits) == 0 &&
	    exec_can_limit(&c->want.limits, c->host->account)) {
		c->limited = true;
		return 0;
	}
	log_warn("channel %u: its limits cannot be kept", c->number);
	return -1;
}

static int
on_env(ssh_session s, ssh_channel ch, const char *name, const char *value, void *arg)
{
	struct job *c = arg;

	(void)s, (void)ch;
	if (c->pump.started)
		return -1;
	return strcmp(name, LIMITS_ENV) == 0 ? take_limits(c, value) : exec_add_env(&c->want, name, value);
}

/* Nothing is answered: that is how libssh has it. */
static void
on_agent(ssh_session s, ssh_channel ch, void *arg)
{
	struct job *c = arg;

	(void)s, (void)ch;
	if (!c->pump.started && !c->closed)
		c->want.agent = c->host->lend(c->host->lend_arg);
}

static void
time_over(void *arg)
{
	((struct job *)arg)->timed_out = true;   /* the turn after it does the work */
}

static int
start(struct job *c, const char *command, const char *program)
{
	struct exec_child child;
	struct err e;
	char text[160];

	if (c->pump.started || c->closed || (c->wordy && c->want.argv == NULL))
		return -1;
	c->want.account = c->host->account;
	c->want.connection = c->host->connection;
	c->want.command = command;
	c->want.program = program;
	if (exec_start(&c->want, &child, &e) < 0) {
		log_error("channel %u: %s", c->number, e.text);
		return -1;
	}
	c->leader = child.pid;
	c->verdict = child.verdict;
	if (c->want.limits.value[LIMIT_TIMEOUT_S] != 0)
		loop_timer_start(c->host->line.loop, &c->timeout, (int64_t)c->want.limits.value[LIMIT_TIMEOUT_S] * 1000, time_over, c);
	pump_start(&c->pump, c->want.pty ? PUMP_TERMINAL : PUMP_PIPES, child.in, child.out, child.err);
	log_debug("channel %u: %s: %s pid=%d", c->number, c->wordy ? "words" : program != NULL ?
	    "program" : command != NULL ? "exec" : "shell", text_escaped(slice_from(c->wordy ? c->words.argv[0] :
	    program != NULL ? program : command), text, sizeof text), (int)child.pid);
	return 0;
}

static int
on_shell(ssh_session s, ssh_channel ch, void *arg)
{
	(void)s, (void)ch;
	return start(arg, NULL, NULL);
}

static int
on_exec(ssh_session s, ssh_channel ch, const char *command, void *arg)
{
	(void)s, (void)ch;
	return start(arg, command, NULL);
}

static int
on_subsystem(ssh_session s, ssh_channel ch, const char *name, void *arg)
{
	const char *program = strcmp(name, "sftp") == 0 ? exec_find_sftp() : NULL;
	struct job *c = arg;

	(void)s, (void)ch;
	if (strcmp(name, "argv@staragent") == 0 && !c->pump.started && !c->closed && !c->wordy) {
		argv_init(&c->words);
		c->wordy = true;
		return 0;
	}
	return program != NULL ? start(c, NULL, program) : -1;
}

static const struct {
	const char *name;
	int signo;
} signals[] = {
	{ "ABRT", SIGABRT }, { "ALRM", SIGALRM }, { "FPE", SIGFPE }, { "HUP", SIGHUP },
	{ "ILL", SIGILL }, { "INT", SIGINT }, { "KILL", SIGKILL }, { "PIPE", SIGPIPE },
	{ "QUIT", SIGQUIT }, { "SEGV", SIGSEGV }, { "TERM", SIGTERM }, { "USR1", SIGUSR1 },
	{ "USR2", SIGUSR2 }, { "XCPU@staragent", SIGXCPU }, { "XFSZ@staragent", SIGXFSZ },
};
#define NSIGNALS (sizeof signals / sizeof signals[0])

static void
on_signal(ssh_session s, ssh_channel ch, const char *name, void *arg)
{
	const struct job *c = arg;

	(void)s, (void)ch;
	for (size_t i = 0; c->leader > 0 && i < NSIGNALS; i++)
		if (strcmp(signals[i].name, name) == 0)
			(void)kill(-c->leader, signals[i].signo);
}

static void
on_close(ssh_session s, ssh_channel ch, void *arg)
{
	struct job *c = arg;

	(void)s, (void)ch;
	c->gone = true;
}

/* Data stays in libssh until it is read; n is all that waits.  What nobody will read is thrown away. */
static int
on_data(ssh_session s, ssh_channel ch, void *data, uint32_t n, int is_stderr, void *arg)
{
	const struct job *c = arg;

	(void)s, (void)ch, (void)data;
	return c->closed ? (int)n : pump_on_data(&c->pump, n, is_stderr != 0);
}

/* --- its life --------------------------------------------------------------------------- */

struct job *
job_new(const struct job_host *h, unsigned number)
{
	struct job *c = calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	c->host = h;
	c->number = number;
	c->verdict = -1;
	c->callbacks = (struct ssh_channel_callbacks_struct){
		.userdata = c,
		.channel_data_function = on_data,
		.channel_close_function = on_close,
		.channel_signal_function = on_signal,
		.channel_pty_request_function = on_pty,
		.channel_shell_request_function = on_shell,
		.channel_pty_window_change_function = on_resize,
		.channel_exec_request_function = on_exec,
		.channel_env_request_function = on_env,
		.channel_auth_agent_req_function = on_agent,
		.channel_subsystem_request_function = on_subsystem,
	};
	ssh_callbacks_init(&c->callbacks);
	c->ssh = ssh_channel_new(h->line.ssh);
	pump_init(&c->pump, &h->line, c->ssh);
	if (c->ssh == NULL || ssh_set_channel_callbacks(c->ssh, &c->callbacks) != SSH_OK) {
		free(c);
		return NULL;
	}
	return c;
}

ssh_channel
job_ssh(const struct job *c)
{
	return c->ssh;
}

pid_t
job_leader(const struct job *c)
{
	return c->leader;
}

void
job_reaped(struct job *c, int status)
{
	/* What it left in its group ends too; what left the group is the connection's to find. */
	(void)kill(-c->leader, SIGHUP);
	(void)kill(-c->leader, SIGCONT);
	c->status = status;
	c->reaped = true;
	c->leader = 0;
	pump_wake(&c->pump);
}

void
job_hangup(struct job *c)
{
	if (c->leader > 0) {
		(void)kill(-c->leader, SIGHUP);
		(void)kill(-c->leader, SIGCONT);
	}
	pump_stop(&c->pump);
}

void
job_kill(struct job *c)
{
	if (c->leader > 0)
		(void)kill(-c->leader, SIGKILL);
}

bool
job_is_closed(const struct job *c)
{
	return c->closed;
}

bool
job_is_over(const struct job *c)
{
	return c->closed && c->gone && c->leader == 0;
}

void
job_free(struct job *c)
{
	if (c == NULL)
		return;
	loop_timer_stop(&c->leaving);
	job_hangup(c);
	loop_timer_stop(&c->timeout);
	fd_close(&c->verdict);
	(void)ssh_remove_channel_callbacks(c->ssh, &c->callbacks);
	ssh_channel_free(c->ssh);
	pump_done(&c->pump);
	argv_done(&c->words);
	exec_want_done(&c->want);
	free(c);
}

/* --- its end ------------------------------------------------------------------------------ */

/* Why its program was not run: one line, as a signal that no kernel knows; exit statuses are the program's own. */
static bool
send_verdict(struct job *c)
{
	char why[DIGEST_WHY];
	ssize_t n = c->verdict < 0 ? 0 : read(c->verdict, why, sizeof why - 1);

	fd_close(&c->verdict);
	if (n <= 0)
		return false;
	why[n] = '\0';
	log_warn("channel %u: %s", c->number, why);
	(void)ssh_channel_request_send_exit_signal(c->ssh, "DIGEST@staragent", 0, why, "");
	return true;
}

static void
send_exit(struct job *c)
{
	const char *name = "TERM";

	if (send_verdict(c))
		return;
	if (WIFEXITED(c->status)) {
		(void)ssh_channel_request_send_exit_status(c->ssh, WEXITSTATUS(c->status));
		return;
	}
	for (size_t i = 0; i < NSIGNALS; i++)
		if (signals[i].signo == WTERMSIG(c->status))
			name = signals[i].name;
	(void)ssh_channel_request_send_exit_signal(c->ssh, name, WCOREDUMP(c->status), "", "");
}

static bool
finish(struct job *c)
{
	if (c->closed || !c->reaped || !pump_is_drained(&c->pump))
		return false;
	send_exit(c);
	(void)ssh_channel_send_eof(c->ssh);
	(void)ssh_channel_close(c->ssh);
	c->closed = true;
	pump_stop_input(&c->pump);
	return true;
}

static void
leaving_over(void *arg)
{
	((struct job *)arg)->late = true;
}

/* The peer closed: its last bytes go to the child before the hangup.  One on pipes may read them to their end first, as from
 * a file. */
static bool
leave(struct job *c)
{
	if (!c->late && !loop_timer_is_running(&c->leaving))
		loop_timer_start(c->host->line.loop, &c->leaving, LEAVE_MS, leaving_over, c);
	if (c->leader > 0 && !c->late && (pump_linger(&c->pump, LEAVE_MS) || c->pump.kind == PUMP_PIPES))
		return pump_out(&c->pump);
	loop_timer_stop(&c->leaving);
	job_hangup(c);
	if (!c->closed)
		(void)ssh_channel_close(c->ssh);
	c->closed = true;
	return true;
}

/* Nobody can be told what is wrong with them but by an exit status: 126, as a shell's for what it cannot run. */
static bool
take_words(struct job *c)
{
	int r = argv_take(&c->words, c->ssh);

	if (r == 0)
		return false;
	c->want.argv = c->words.argv;
	if (r == 1 && start(c, NULL, NULL) == 0)
		return true;
	log_warn("channel %u: its words are none that can be run", c->number);
	(void)ssh_channel_request_send_exit_status(c->ssh, 126);
	(void)ssh_channel_close(c->ssh);
	c->closed = true;
	return true;
}

/* What it started gets SIGHUP here and SIGKILL soon, as with every channel that is over. */
static bool
expire(struct job *c)
{
	char why[80];
	struct buf time;

	buf_init(&time, 64);
	(void)text_duration(&time, c->want.limits.value[LIMIT_TIMEOUT_S]);
	(void)snprintf(why, sizeof why, "its time is over: %s", buf_cstr(&time));
	buf_done(&time);
	log_info("channel %u: %s", c->number, why);
	job_hangup(c);
	(void)ssh_channel_request_send_exit_signal(c->ssh, "TIMEOUT@staragent", 0, why, "");
	(void)ssh_channel_close(c->ssh);
	c->closed = true;
	return true;
}

bool
job_pump(struct job *c)
{
	bool moved = false;

	if (c->closed)
		return false;
	if (c->timed_out)
		return expire(c);
	if (c->wordy && !c->pump.started && !c->gone)
		moved = take_words(c);
	if (c->closed)
		return true;
	moved |= pump_in(&c->pump);
	if (c->gone)
		return leave(c) || moved;
	moved |= pump_out(&c->pump);
	moved |= finish(c);
	return moved;
}

void
job_watch(struct job *c)
{
	pump_watch(&c->pump);
}
