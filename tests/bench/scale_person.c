/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Keys are a, b, c… over and over, so an echo that is wrong, lost or twice is seen.  A key's time is from its write until its
 * echo is read here, where what this process itself is late counts too.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/secret.h"
#include "base/text.h"
#include "tests/bench/scale_person.h"

#define UP_MS  120000
#define END_MS 30000

/* ---- a person's end ---- */

void
person_leave(struct person *p)
{
	loop_timer_stop(&p->timer);
	line_close(&p->line);
	p->channel = NULL;
}

static void
person_fail(struct person *p, const char *what)
{
	struct load *l = p->load;
	const char *said = p->line.ssh != NULL ? ssh_get_error(p->line.ssh) : "";
	char clean[160];

	if (l->why[0] == '\0') {
		(void)text_escaped(slice_from(said), clean, sizeof(clean));
		(void)snprintf(l->why, sizeof(l->why), "session %td after %lld ms: %s%s%s", p - l->people,
		    (long long)load_us_since(p->begun) / 1000, what, clean[0] != '\0' ? ": " : "", clean);
	}
	if (p->state < PERSON_UP) {
		l->in_flight--;
		l->refused++;
	} else {
		l->up--;
		l->lost++;
	}
	person_leave(p);
	p->state = PERSON_LOST;
	load_look(l);
}

static void
too_slow(void *arg)
{
	struct person *p = arg;

	person_fail(p, p->state < PERSON_UP ? "not in within two minutes" : "its shell did not end when told to");
}

/* ---- typing ---- */

static void type_next(struct person *p);

static void
type_key(void *arg)
{
	struct person *p = arg;
	struct load *l = p->load;
	char key = (char)('a' + p->sent % 26);

	if (l->stage != LOAD_TYPING)
		return;
	if (p->sent - p->echoed == PERSON_UNECHOED) {
		l->stalled++;
	} else if (ssh_channel_write(p->channel, &key, 1) != 1) {
		person_fail(p, "a key was not taken");
		return;
	} else {
		p->at[p->sent++ % PERSON_UNECHOED] = clock_mono();
		l->keys++;
	}
	if (!line_rearm(&p->line))
		person_fail(p, "gone while it typed");
	else
		type_next(p);
}

static void
type_next(struct person *p)
{
	int64_t ms;

	p->next.us += (int64_t)p->load->o.every * 1000;
	ms = (p->next.us - clock_mono().us) / 1000;
	loop_timer_start(p->load->loop, &p->timer, ms > 0 ? ms : 0, type_key, p);
}

void
person_type(struct person *p)
{
	uint32_t phase = 0;

	(void)secret_random(&phase, sizeof(phase));
	p->next = clock_mono();
	p->next.us += (int64_t)(phase % p->load->o.every) * 1000;
	loop_timer_start(p->load->loop, &p->timer, (p->next.us - clock_mono().us) / 1000, type_key, p);
}

static void
echo_take(struct person *p, char c)
{
	struct load *l = p->load;
	struct times *t = &l->times;

	if (p->echoed == p->sent || c != (char)('a' + p->echoed % 26)) {
		l->wrong++;
		return;
	}
	if (t->n < t->max)
		t->us[t->n++] = (uint32_t)load_us_since(p->at[p->echoed % PERSON_UNECHOED]);
	p->echoed++;
	l->echoed++;
}

/* ---- what came ---- */

/* The bastion may say something before the shell does. */
static void
greeting_take(struct person *p, char c)
{
	size_t n = sizeof(LINE_READY) - 1;

	memmove(p->seen, p->seen + 1, n - 1);
	p->seen[n - 1] = c;
	if (memcmp(p->seen, LINE_READY, n) != 0)
		return;
	loop_timer_stop(&p->timer);
	p->state = PERSON_UP;
	p->load->in_flight--;
	p->load->up++;
	load_look(p->load);
}

static void
take_bytes_in(struct person *p)
{
	char data[512];
	int n;

	while ((n = ssh_channel_read_nonblocking(p->channel, data, sizeof(data), 0)) > 0)
		for (int i = 0; i < n; i++)
			if (p->state == PERSON_WAITING)
				greeting_take(p, data[i]);
			else
				echo_take(p, data[i]);
}

/* True: the person has left. */
static bool
look_for_end(struct person *p)
{
	if (!ssh_channel_is_eof(p->channel) && !ssh_channel_is_closed(p->channel))
		return false;
	if (p->state != PERSON_ENDING) {
		person_fail(p, "its channel ended by itself");
		return true;
	}
	if (!ssh_channel_is_closed(p->channel))
		return false;
	if (ssh_channel_get_exit_status(p->channel) != 0) {
		person_fail(p, "its shell did not end with status 0");
		return true;
	}
	ssh_disconnect(p->line.ssh);
	p->load->up--;
	p->load->ended++;
	person_leave(p);
	p->state = PERSON_ENDED;
	load_look(p->load);
	return true;
}

/* ---- coming in ---- */

/* SSH_AGAIN and SSH_AUTH_AGAIN wait for more; otherwise the next state, or PERSON_LOST. */
static enum person_state
come_step(struct person *p)
{
	ssh_session s = p->line.ssh;
	int r;

	switch (p->state) {
	case PERSON_CONNECTING:
		r = ssh_connect(s);
		return r == SSH_AGAIN ? PERSON_CONNECTING : r == SSH_OK && line_start(&p->line) == 0 ? PERSON_LOGGING_IN : PERSON_LOST;
	case PERSON_LOGGING_IN:
		r = ssh_userauth_publickey(s, NULL, p->load->key);
		return r == SSH_AUTH_AGAIN ? PERSON_LOGGING_IN : r == SSH_AUTH_SUCCESS ? PERSON_OPENING : PERSON_LOST;
	case PERSON_OPENING:
		if (p->channel == NULL && (p->channel = ssh_channel_new(s)) == NULL)
			return PERSON_LOST;
		r = ssh_channel_open_session(p->channel);
		return r == SSH_AGAIN ? PERSON_OPENING : r == SSH_OK ? PERSON_ASKING_PTY : PERSON_LOST;
	case PERSON_ASKING_PTY:
		r = ssh_channel_request_pty_size(p->channel, "xterm", 80, 24);
		return r == SSH_AGAIN ? PERSON_ASKING_PTY : r == SSH_OK ? PERSON_ASKING_SHELL : PERSON_LOST;
	case PERSON_ASKING_SHELL:
		r = ssh_channel_request_shell(p->channel);
		return r == SSH_AGAIN ? PERSON_ASKING_SHELL : r == SSH_OK ? PERSON_WAITING : PERSON_LOST;
	default:
		return p->state;
	}
}

static const char *const steps[] = {
	[PERSON_CONNECTING] = "key exchange", [PERSON_LOGGING_IN] = "login", [PERSON_OPENING] = "channel",
	[PERSON_ASKING_PTY] = "terminal", [PERSON_ASKING_SHELL] = "shell",
};

/* False: the person has left. */
static bool
come(struct person *p)
{
	enum person_state next;

	while (p->state < PERSON_WAITING) {
		next = come_step(p);
		if (next == PERSON_LOST) {
			person_fail(p, steps[p->state]);
			return false;
		}
		if (next == p->state)
			return true;
		p->state = next;
	}
	return true;
}

static void
person_ready(void *arg)
{
	struct person *p = arg;
	bool over = p->line.event != NULL && !line_take_in(&p->line);

	if (!over && p->state < PERSON_WAITING && !come(p))
		return;
	if (p->state >= PERSON_WAITING && p->channel != NULL) {      /* what came before an end is taken, too */
		take_bytes_in(p);
		if (look_for_end(p))
			return;
	}
	if (over || !line_rearm(&p->line))
		person_fail(p, "the connection ended");
}

static int
dial(uint16_t port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0 || connect(fd, (struct sockaddr *)&sa, sizeof(sa)) != 0 || fd_set_nonblock(fd) != 0)
		fd_close(&fd);
	else
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

static int
options_set(const struct load_options *o, ssh_session s, int *fd)
{
	int no = 0, r = 0;

	ssh_set_blocking(s, 0);
	r |= ssh_options_set(s, SSH_OPTIONS_PROCESS_CONFIG, &no);
	r |= ssh_options_set(s, SSH_OPTIONS_HOST, "127.0.0.1");
	r |= ssh_options_set(s, SSH_OPTIONS_SSH_DIR, "/nonexistent");
	r |= ssh_options_set(s, SSH_OPTIONS_KNOWNHOSTS, "/dev/null");
	r |= ssh_options_set(s, SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null");
	r |= ssh_options_set(s, SSH_OPTIONS_USER, o->user);
	r |= ssh_options_set(s, SSH_OPTIONS_COMPRESSION, "no");
	r |= ssh_options_set(s, SSH_OPTIONS_KEY_EXCHANGE, LINE_KEX);
	r |= ssh_options_set(s, SSH_OPTIONS_CIPHERS_C_S, LINE_CIPHERS);
	r |= ssh_options_set(s, SSH_OPTIONS_CIPHERS_S_C, LINE_CIPHERS);
	if (o->proxy != NULL)
		return r | ssh_options_set(s, SSH_OPTIONS_PROXYCOMMAND, o->proxy);
	*fd = dial((uint16_t)o->port);
	return *fd >= 0 ? r | ssh_options_set(s, SSH_OPTIONS_FD, fd) : -1;
}

/* A proxy's descriptor is there only after the first step. */
void
person_begin(struct person *p)
{
	struct load *l = p->load;
	ssh_session s = ssh_new();
	int fd = -1;

	l->in_flight++;
	p->state = PERSON_CONNECTING;
	p->begun = clock_mono();
	p->line = (struct line){ .ssh = s, .fd = -1 };
	if (s == NULL || options_set(&l->o, s, &fd) != 0 || ssh_connect(s) == SSH_ERROR ||
	    line_open(&p->line, l->loop, s, ssh_get_fd(s), person_ready, p) != 0) {
		person_fail(p, fd < 0 && l->o.proxy == NULL ? strerror(errno) : "no connection");
		return;
	}
	(void)fd_set_nonblock(p->line.fd);
	loop_timer_start(l->loop, &p->timer, UP_MS, too_slow, p);
	person_ready(p);
}

/* ---- going ---- */

void
person_stop(struct person *p)
{
	loop_timer_stop(&p->timer);
}

void
person_end(struct person *p)
{
	const char key = LINE_END;

	p->state = PERSON_ENDING;
	loop_timer_start(p->load->loop, &p->timer, END_MS, too_slow, p);
	if (ssh_channel_write(p->channel, &key, 1) != 1 || !line_rearm(&p->line))
		person_fail(p, "its end was not taken");
}
