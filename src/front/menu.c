/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "front/menu.h"

#define CHUNK 16384

/* What a host may have left on in the user's terminal: alternate screen, mouse, paste marks, hidden cursor, colours. */
#define TERMINAL_RESET "\033[?1049l\033[?1000l\033[?1002l\033[?1003l\033[?1006l\033[?2004l\033[?25h\033[0m\033(B"

struct menu {
	struct channel *channel;
	int pty;
	struct chan *chan;
	unsigned char out[CHUNK], in[CHUNK];
	size_t out_len, in_len, in_off, out_off;
	bool over, chosen, ready;
	char host[FRONT_NAME_MAX], login[FRONT_NAME_MAX];
};

int
menu_ask(struct channel *c)
{
	struct msg_menu_start msg = { .term = slice_from(c->term), .cols = c->cols, .rows = c->rows,
		.lang = slice_from(c->lang) };

	return chan_send(c->front->monitor, MSG_MENU_START, &msg);
}

static void
menu_message(void *arg, struct chan *chan, struct chan_in *in)
{
	struct menu *m = arg;
	struct channel *c = m->channel;
	const struct msg_menu_choice *choice = in->message;

	(void)chan;
	if (in->type != MSG_MENU_CHOICE)
		return;
	m->chosen = slice_copy(choice->host, m->host, sizeof(m->host)) == 0 &&
	    slice_copy(choice->login, m->login, sizeof(m->login)) == 0;
	(void)slice_copy(choice->query, c->query, sizeof(c->query));
	c->cursor = choice->cursor;
}

/* The loop only wakes us: the turn does the work. */
static void
menu_ready(void *arg, int fd, uint32_t events)
{
	struct menu *m = arg;

	(void)fd;
	m->ready = true;
	if (m->out_len > 0 && (events & EPOLLIN) != 0)
		(void)loop_mod(m->channel->front->loop, m->pty, 0);
}

struct menu *
menu_new(struct channel *c, int fds[2])
{
	struct msg_menu_init init = { .user = slice_from(c->front->user), .notice = slice_from(c->notice),
		.query = slice_from(c->query), .cursor = c->cursor };
	struct msg_hosts_ask ask = { 0 };
	struct menu *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return NULL;
	*m = (struct menu){ .channel = c, .pty = fds[0] };
	m->chan = chan_new(c->front->loop, fds[1], LINK_FRONT_OF_MENU, menu_message, m);
	if (m->chan == NULL || fd_set_nonblock(m->pty) != 0 ||
	    loop_add(c->front->loop, m->pty, EPOLLIN, menu_ready, m) != 0) {
		chan_free(m->chan);
		free(m);
		return NULL;
	}
	fds[0] = fds[1] = -1;
	if (c->from_menu && c->exited)
		(void)ssh_channel_write(c->ssh, TERMINAL_RESET, sizeof(TERMINAL_RESET) - 1);
	(void)chan_send(m->chan, MSG_MENU_INIT, &init);
	(void)chan_send(c->front->gate, MSG_HOSTS_ASK, &ask);
	return m;
}

void
menu_rows(struct menu *m, const struct msg_host_rows *rows)
{
	if (chan_send(m->chan, MSG_HOST_ROWS, rows) != 0)
		log_debug("menu takes no rows");
}

void
menu_resize(struct menu *m, unsigned cols, unsigned rows)
{
	struct winsize ws = { .ws_col = (unsigned short)cols, .ws_row = (unsigned short)rows };

	(void)ioctl(m->pty, TIOCSWINSZ, &ws);
}

static bool
pump_out(struct menu *m)
{
	struct channel *c = m->channel;
	bool moved = false;
	ssize_t n;
	int w;

	if (m->out_len == 0 && !m->over) {
		n = read(m->pty, m->out, sizeof(m->out));
		if (n > 0) {
			m->out_len = (size_t)n;
			m->out_off = 0;
			moved = true;
		} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
			m->over = moved = true;         /* EIO: the slave's last holder is gone */
			loop_del(c->front->loop, m->pty);
		} else {
			(void)loop_mod(c->front->loop, m->pty, EPOLLIN | (m->in_len > 0 ? (uint32_t)EPOLLOUT : 0u));
		}
	}
	if (m->out_len == 0 || !wire_is_writable(&c->front->wire))
		return moved;
	w = ssh_channel_write(c->ssh, m->out + m->out_off, (uint32_t)m->out_len);
	if (w < 0)
		m->over = true;
	m->out_off += w > 0 ? (size_t)w : 0;
	m->out_len = w < 0 ? 0 : m->out_len - (size_t)w;
	return moved || w != 0;
}

static bool
pump_in(struct menu *m)
{
	bool moved = false;
	ssize_t n;
	int r;

	if (m->in_len == 0) {
		r = ssh_channel_read_nonblocking(m->channel->ssh, m->in, sizeof(m->in), 0);
		if (r <= 0)
			return false;
		m->in_len = (size_t)r;
		m->in_off = 0;
		moved = true;
	}
	n = write(m->pty, m->in + m->in_off, m->in_len);
	if (n > 0) {
		m->in_off += (size_t)n;
		m->in_len -= (size_t)n;
		return true;
	}
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		m->in_len = 0;
	return moved;
}

bool
menu_pump(struct menu *m)
{
	bool moved = pump_out(m);

	return (!m->over && pump_in(m)) || moved;
}

bool
menu_is_over(const struct menu *m)
{
	return m->over && m->out_len == 0;
}

const char *
menu_choice(const struct menu *m, const char **login)
{
	*login = m->login;
	return m->chosen ? m->host : NULL;
}

void
menu_free(struct menu *m)
{
	if (m == NULL)
		return;
	loop_del(m->channel->front->loop, m->pty);
	fd_close(&m->pty);
	chan_free(m->chan);
	free(m);
}
