/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Messages come back as they went, and a channel ends whoever breaks the table. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "msg/chan.h"
#include "tests/tap.h"

static void
test_roundtrip(void)
{
	struct msg_decide in = { .req = 7, .verb = slice_from("exec"), .host = slice_from("db-7"),
		.login = slice_from("root"), .command = slice_of("a\0b", 3), .dial = 1 }, out;
	struct slice s;
	struct buf b;
	uint16_t type;

	buf_init(&b, MSG_MAX);
	ok(msg_pack(&b, MSG_DECIDE, &in) == 0, "decide packs");
	s = buf_slice(&b);
	ok(take_u16(&s, &type) && type == MSG_DECIDE, "its type leads");
	ok(msg_unpack(MSG_DECIDE, s, &out) == 0, "decide unpacks");
	ok(out.req == 7 && slice_is(out.verb, "exec") && out.command.n == 3 && out.dial == 1 && out.to.n == 0,
	    "with the same fields");
	s.n--;
	ok(msg_unpack(MSG_DECIDE, s, &out) == -EBADMSG, "cut short is refused");
	s.n += 1;
	(void)buf_u8(&b, 0);
	s = slice_of(b.p + 2, b.len - 2);
	ok(msg_unpack(MSG_DECIDE, s, &out) == -EBADMSG, "a byte left over is refused");
	buf_done(&b);
}

/* In two parts, of which the second is where it was, a message is the same. */
static void
test_parts(void)
{
	struct msg_rec_data data = { .rec = 1, .pos = 2, .frames = slice_from("the frames") };
	struct msg_live_act act = { .op = 1, .live = 2, .to = slice_from("") };
	struct buf whole, head;
	struct slice tail;
	size_t n;

	buf_init(&whole, MSG_MAX);
	buf_init(&head, MSG_MAX);
	ok(msg_pack(&whole, MSG_REC_DATA, &data) == 0 && msg_pack_parts(&head, MSG_REC_DATA, &data, &tail) == 0 && tail.p == data.frames.p,
	    "its last bytes are not copied");
	ok(buf_slice_append(&head, tail) == 0 && slice_eq(buf_slice(&head), buf_slice(&whole)), "behind the first part it is whole");
	n = whole.len;
	ok(msg_pack(&whole, MSG_LIVE_ACT, &act) == 0 && msg_pack_parts(&head, MSG_LIVE_ACT, &act, &tail) == 0 && tail.n == 0 &&
	    slice_eq(buf_slice(&head), buf_slice(&whole)), "empty ones");
	whole.len = n;
	data.frames.n = MSG_MAX;
	ok(msg_pack_parts(&whole, MSG_REC_DATA, &data, &tail) == -ENOBUFS && whole.len == n, "both together are not too large");
	buf_done(&whole);
	buf_done(&head);
}

static void
test_every_type(void)
{
	union { unsigned char bytes[512]; uint64_t align; } zero = { { 0 } }, got;
	struct buf b;
	unsigned n = 0, good = 0;

	buf_init(&b, MSG_MAX);
	for (unsigned t = 0; t < MSG_TYPE_END; t++) {
		if (msg_struct_size(t) == 0)
			continue;
		n++;
		buf_clear(&b);
		good += msg_pack(&b, t, &zero) == 0 && msg_unpack(t, slice_of(b.p + 2, b.len - 2), &got) == 0;
	}
	ok(n > 50 && n == good, "all %u messages pack and unpack", n);
	buf_done(&b);
}

static void
test_host_rows(void)
{
	struct msg_host_row row = { .name = slice_from("web1"), .allowed = 1 }, got;
	struct slice s;
	struct buf b;

	buf_init(&b, 4096);
	ok(msg_host_row_put(&b, &row) == 0 && msg_host_row_put(&b, &row) == 0, "two rows");
	s = buf_slice(&b);
	ok(msg_host_row_take(&s, &got) == 1 && slice_is(got.name, "web1") && got.allowed == 1, "the first");
	ok(msg_host_row_take(&s, &got) == 1 && msg_host_row_take(&s, &got) == 0, "the second and the end");
	s = slice_of(b.p, b.len - 1);
	(void)msg_host_row_take(&s, &got);
	ok(msg_host_row_take(&s, &got) == -EBADMSG, "a cut row is refused");
	buf_done(&b);
}

struct seen {
	unsigned type, count;
	int fd;
	char why[160];
};

static void
note(void *arg, struct chan *c, struct chan_in *in)
{
	struct seen *s = arg;

	(void)c;
	s->type = in->type;
	s->count++;
	if (in->nfds > 0) {
		s->fd = in->fds[0];
		in->fds[0] = -1;
	}
	if (in->type == 0)
		snprintf(s->why, sizeof(s->why), "%s", in->why);
}

/* Past the sender's own table. */
static int
raw_send(int fd, enum msg_type type, const void *message)
{
	struct buf b;
	int r;

	buf_init(&b, MSG_MAX);
	r = msg_pack(&b, type, message);
	if (r == 0)
		r = fd_send(fd, b.p, b.len, NULL, 0);
	buf_done(&b);
	return r;
}

/* A gate's end and a front's, and what each hears; pair: their sockets. */
static void
channels_open(int pair[2], struct seen *gate, struct chan **g, struct seen *front, struct chan **f)
{
	*gate = *front = (struct seen){ .fd = -1 };
	ok(fd_pair(pair) == 0, "two sockets, connected");
	*g = chan_new(NULL, pair[0], LINK_GATE_OF_FRONT, note, gate);
	*f = chan_new(NULL, pair[1], LINK_FRONT_OF_GATE, note, front);
}

static void
test_chan(void)
{
	struct seen gate, front;
	struct chan *g, *f;
	int pair[2], r;

	channels_open(pair, &gate, &g, &front, &f);
	r = chan_send(f, MSG_LOGIN, &(struct msg_login){ .raw = slice_from("alice") });
	ok(r == 0 && chan_wait(g, 1000) == 0 && gate.type == MSG_LOGIN, "what the table allows arrives");
	r = chan_send_fds(g, MSG_DECISION, &(struct msg_decision){ .permit = 1 }, &(int){ 0 }, 1);
	ok(r == 0 && chan_wait(f, 1000) == 0 && front.type == MSG_DECISION && front.fd > 2, "a descriptor travels");
	if (front.fd >= 0)
		close(front.fd);
	ok(chan_wait(f, 1) == -ETIMEDOUT, "no message: a time-out");
	ok(chan_send(f, MSG_STATUS, &(struct msg_status){ 1 }) == -EPROTO, "what it does not allow is not sent");
	r = raw_send(pair[1], MSG_STATUS, &(struct msg_status){ 1 });
	ok(r == 0 && chan_wait(g, 1000) == -EPIPE && gate.type == 0, "and ends the channel of one who sends it all the same");
	ok(strstr(gate.why, "status") != NULL && strstr(gate.why, "not allowed") != NULL, "and says which: %s", gate.why);
	chan_free(g);
	ok(chan_wait(f, 1000) == -EPIPE && front.type == 0, "the sender is told");
	ok(chan_send(f, MSG_LOGIN, &(struct msg_login){ 0 }) == -EPIPE, "and can send no more");
	chan_free(f);
}

/* One end says its last words, and goes without having read the other's: they arrive all the same. */
static void
test_last_words(void)
{
	struct seen gate, front;
	struct chan *g, *f;
	int pair[2], r;

	channels_open(pair, &gate, &g, &front, &f);
	r = chan_send(g, MSG_PINNED, &(struct msg_pinned){ .ok = 1 });
	if (r == 0)
		r = chan_send(g, MSG_KEY_ANSWER, &(struct msg_key_answer){ .known = 1 });
	ok(r == 0 && chan_send(f, MSG_LOGIN, &(struct msg_login){ .raw = slice_from("alice") }) == 0, "both ends have spoken");
	chan_free(g);
	ok(chan_wait(f, 1000) == 0 && front.type == MSG_PINNED, "the first is heard");
	ok(chan_wait(f, 1000) == 0 && front.type == MSG_KEY_ANSWER, "and the last");
	ok(chan_wait(f, 1000) == -EPIPE && front.type == 0, "then the end");
	chan_free(f);
}

static char big[MSG_MAX];

/* The largest message of this kind that the row lets through: its text's size. */
static size_t
largest(struct chan *c, enum msg_type type, void *message, struct slice *text)
{
	size_t low = 0, high = sizeof(big);

	while (low < high) {
		size_t n = low + (high - low + 1) / 2;

		*text = slice_of(big, n);
		if (chan_send(c, type, message) != -EMSGSIZE)
			low = n;
		else
			high = n - 1;
	}
	*text = slice_of(big, low);
	return low;
}

/* What a peer would end the channel for is refused to its sender, who lives. */
static void
test_sizes(void)
{
	struct seen store = { .fd = -1 };
	struct msg_dir_host host = { .req = 1, .op = MSG_DIR_PUT };
	int pair[2], r = 0, pair2[2];
	struct chan *s, *g, *c;
	size_t n, of_ctl;

	memset(big, 'x', sizeof(big));
	ok(fd_pair(pair) == 0 && fd_pair(pair2) == 0, "two pairs");
	s = chan_new(NULL, pair[0], LINK_STORE_OF_GATE, note, &store);
	g = chan_new(NULL, pair[1], LINK_GATE_OF_STORE, note, &store);
	c = chan_new(NULL, pair2[0], LINK_CTL_OF_GATE, note, &store);
	n = largest(g, MSG_DIR_HOST, &host, &host.pins);
	while (chan_wait(s, 0) == 0)
		r = store.type == MSG_DIR_HOST && r == 0 ? 0 : -1;
	ok(n > 10000 && r == 0 && store.type == MSG_DIR_HOST, "a row of %zu bytes goes through, one more byte does not", n);
	of_ctl = largest(c, MSG_DIR_HOST, &host, &host.pins);
	host.actor = slice_of(big, 64);
	ok(of_ctl > 10000 && chan_send(g, MSG_DIR_HOST, &host) == 0,
	    "the largest row of an administrator still fits with the actor that the gate adds");
	ok(chan_send_fds(g, MSG_DIR_HOST, &host, &(int){ 0 }, 1) == -EPROTO, "a descriptor that nobody expects is not sent");
	chan_free(s);
	chan_free(g);
	chan_free(c);
	close(pair2[1]);
}

static void
test_ends(void)
{
	unsigned n = 0, good = 0;

	for (enum link_end e = LINK_MONITOR_OF_ACCEPTOR; e < LINK_ENDS; e++, n++)
		good += link_peer(e) != e && link_peer(link_peer(e)) == e;
	ok(n == good, "all %u ends have one peer, whose peer they are", n);
}

int
main(void)
{
	test_ends();
	test_sizes();
	test_roundtrip();
	test_parts();
	test_every_type();
	test_host_rows();
	test_chan();
	test_last_words();
	return tap_done();
}
