/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Phases: KEX, AUTH, OPEN, ENDING.  All work is done in session_turn, after the handlers of a loop
 * turn took their notes.  The process watches a duplicate of libssh's descriptor, because libssh
 * closes its own whenever it likes, and the number could be somebody else's by then.
 *
 * As root it keeps five capabilities, and only to become the account, own its terminals and end
 * its processes.  It never becomes the account itself: the account could then kill it.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libssh/callbacks.h>
#include <libssh/server.h>
#include <linux/capability.h>

#include "agent/job.h"
#include "agent/descend.h"
#include "agent/exec.h"
#include "agent/forward.h"
#include "agent/login.h"
#include "agent/session.h"
#include "agent/watchdog.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/text.h"

#define GRACE_MS          30000          /* from accept to a proven key */
#define CHANNELS_MAX      64
#define EARLY_PACKETS_MAX 128            /* before a proven key */
#define EARLY_BYTES_MAX   (256 * 1024)
#define OWED_MAX          (8u << 20)     /* answers that the peer does not read */
#define PACKET_MIN        25             /* length, padding and tag, at least */
#define HANGUP_MS         500            /* between SIGHUP and SIGKILL */
#define ENDING_MS         10000          /* then it gives up on what it may not kill */
#define PUMPS_MAX         16
#define ENDED_MAX         64

enum phase { KEX, AUTH, OPEN, ENDING };

struct session {
	const struct session_conf *conf;
	enum phase phase;
	struct loop *loop;
	ssh_session ssh;
	ssh_event event;
	struct ssh_server_callbacks_struct callbacks;
	struct ssh_counter_struct received, sent;        /* libssh counts: payloads, bytes on the line */
	uint64_t said, delivered;        /* both, outwards, when libssh last held nothing back */
	uint64_t seen;                   /* packets received, when the channels were last pumped */
	bool flooded;
	int fd;                          /* the duplicate */
	uint32_t watched;
	bool ready, reap;
	bool unheard;                    /* a login came that libssh has told nobody of */
	struct login login;
	struct job_host host;
	struct job *channels[CHANNELS_MAX];
	size_t nchannels;
	unsigned opened;
	struct forwards forwards;
	pid_t ended[ENDED_MAX];          /* leaders of channels that are over, the last ones */
	size_t nended;
	int sweep_signal;
	mono_t ending_since;
	struct loop_timer grace, sweep, again;
};

static void
end(struct session *s, const char *why)
{
	if (s->phase == ENDING)
		return;
	log_info("over: %s: %s", s->conf->peer, why);
	s->phase = ENDING;
	s->ending_since = clock_mono();
}

/* --- who is it ---------------------------------------------------------------------------- */

static int
on_none(ssh_session ssh, const char *name, void *arg)
{
	struct session *s = arg;

	(void)ssh;
	s->unheard = false;
	return s->phase != ENDING ? login_none(&s->login, name) : SSH_AUTH_DENIED;
}

static int
on_key(ssh_session ssh, const char *name, struct ssh_key_struct *key, char state, void *arg)
{
	struct session *s = arg;
	int answer = s->phase != ENDING ? login_key(&s->login, name, key, state) : SSH_AUTH_DENIED;

	(void)ssh;
	s->unheard = false;
	/* Now, not at the turn's end: the peer may open a terminal in the same breath. */
	if (s->login.admitted) {
		s->host.may_pty = s->login.grant.pty;
		s->forwards.may_forward = s->login.grant.forward;
		s->forwards.may_lend = s->login.grant.agent;
	}
	return answer;
}

static ssh_channel
on_open(ssh_session ssh, void *arg)
{
	struct session *s = arg;
	struct job *c;

	(void)ssh;
	if (!s->login.admitted || s->phase == ENDING || s->nchannels == CHANNELS_MAX)
		return NULL;
	c = job_new(&s->host, s->opened++);
	if (c == NULL)
		return NULL;
	s->channels[s->nchannels++] = c;
	return job_ssh(c);
}

/* libssh's words at a login that comes, before it knows what to make of it: to a wrong signature, and to a key of a kind
 * that it does not read, it gives no answer and tells nobody. */
static void
on_log(int level, const char *function, const char *text, void *arg)
{
	(void)level, (void)text;
	if (strcmp(function, "ssh_packet_userauth_request") == 0)
		((struct session *)arg)->unheard = true;
}

/* Whatever else has no callback (unknown requests): libssh's own answer, a refusal in words. */
static int
on_message(ssh_session ssh, ssh_message m, void *arg)
{
	struct session *s = arg;

	(void)ssh;
	if (ssh_message_type(m) == SSH_REQUEST_AUTH)
		s->unheard = false;
	if (s->login.admitted && s->phase != ENDING && forward_take(&s->forwards, m))
		return 0;
	if (ssh_message_type(m) != SSH_REQUEST_SERVICE)
		log_debug("refused: message type=%d subtype=%d", ssh_message_type(m), ssh_message_subtype(m));
	return 1;
}

/* --- the end of what it started ------------------------------------------------------------ */

static void sweep(void *arg);

static void
start_sweep(struct session *s)
{
	if (loop_timer_is_running(&s->sweep))
		return;
	s->sweep_signal = SIGHUP;
	loop_timer_start(s->loop, &s->sweep, HANGUP_MS, sweep, s);
}

static int
signal_ended(const struct session *s, int sig)
{
	pid_t live[CHANNELS_MAX], ended[ENDED_MAX + CHANNELS_MAX], helpers[FORWARD_HELPERS];
	struct descend_families f = { .live = live, .ended = ended, .helpers = helpers };

	for (size_t i = 0; i < s->nchannels; i++) {
		pid_t leader = job_leader(s->channels[i]);

		if (leader == 0)
			continue;
		if (s->phase == ENDING || job_is_closed(s->channels[i]))
			ended[f.nended++] = leader;
		else
			live[f.nlive++] = leader;
	}
	f.nhelpers = forward_helpers(&s->forwards, helpers);
	memcpy(ended + f.nended, s->ended, s->nended * sizeof ended[0]);
	f.nended += s->nended;
	return descend_signal(sig, &f);
}

/* SIGHUP, half a second later SIGKILL, and again while something is born meanwhile. */
static void
sweep(void *arg)
{
	struct session *s = arg;
	int n;

	if (descend_is_empty())
		return;
	n = signal_ended(s, s->sweep_signal);
	if (n <= 0 && s->phase != ENDING)
		return;
	s->sweep_signal = SIGKILL;
	loop_timer_start(s->loop, &s->sweep, n > 0 && s->phase == ENDING ? 50 : HANGUP_MS, sweep, s);
}

static void
reaped(struct session *s, pid_t pid, int status)
{
	for (size_t i = 0; i < s->nchannels; i++) {
		if (job_leader(s->channels[i]) != pid)
			continue;
		job_reaped(s->channels[i], status);
		if (s->nended == ENDED_MAX)
			memmove(s->ended, s->ended + 1, --s->nended * sizeof s->ended[0]);
		s->ended[s->nended++] = pid;
		return;
	}
}

static void
reap(struct session *s)
{
	int status;
	pid_t pid;

	s->reap = false;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		reaped(s, pid, status);
	if (pid < 0 || s->phase == ENDING)
		s->nended = 0;           /* no child at all: nothing to remember */
	else if (s->nended > 0)
		start_sweep(s);
}

/* The connection is gone: hang up everything; leave once no descendant is left. */
static void
turn_ending(struct session *s)
{
	if (s->fd >= 0) {
		loop_timer_stop(&s->grace);
		loop_timer_stop(&s->sweep);
		loop_del(s->loop, s->fd);
		(void)shutdown(s->fd, SHUT_RDWR);
		fd_close(&s->fd);
		for (size_t i = 0; i < s->nchannels; i++)
			job_hangup(s->channels[i]);
		forward_done(&s->forwards);
		if (!descend_is_empty())
			start_sweep(s);
	}
	if (descend_is_empty())
		loop_stop(s->loop, 0);
	else if (clock_ms_since(s->ending_since) > ENDING_MS)
		loop_stop(s->loop, SESSION_LEFT_SOMETHING);
}

/* --- turns ---------------------------------------------------------------------------------- */

static void
ssh_ready(void *arg, int fd, uint32_t events)
{
	struct session *s = arg;

	(void)fd, (void)events;
	s->ready = true;
}

static void
again(void *arg)
{
	(void)arg;               /* the turn after it does the work */
}

static void
on_child(void *arg, int signo)
{
	struct session *s = arg;

	(void)signo;
	s->reap = true;
}

static void
on_term(void *arg, int signo)
{
	(void)signo;
	end(arg, "the agent stops");
}

static void
grace_over(void *arg)
{
	end(arg, "no proven key in time");
}

static void
turn_kex(struct session *s)
{
	int rc = ssh_handle_key_exchange(s->ssh);

	if (rc == SSH_ERROR) {
		char why[200];

		end(s, text_escaped(slice_from(ssh_get_error(s->ssh)), why, sizeof why));
		return;
	}
	if (rc == SSH_AGAIN && !s->login.admitted)
		return;
	s->phase = AUTH;
	s->event = ssh_event_new();
	if (s->event == NULL || ssh_event_add_session(s->event, s->ssh) != SSH_OK)
		end(s, "out of memory");
}

static void
admitted(struct session *s)
{
	s->phase = OPEN;
	atomic_store(s->conf->admitted, true);
	loop_timer_stop(&s->grace);
	ssh_set_log_level(SSH_LOG_NOLOG);
	log_info("admitted: %s: login=%s by %s", s->conf->peer, s->login.name, s->login.grant.name);
}

static void
poll_ssh(struct session *s)
{
	int rc = SSH_OK;

	for (int i = 0; i < PUMPS_MAX && rc == SSH_OK && s->phase != ENDING; i++)
		rc = ssh_event_dopoll(s->event, 0);
	if (rc == SSH_OK)
		loop_timer_start(s->loop, &s->again, 0, again, s);
	if (rc == SSH_ERROR || (ssh_get_status(s->ssh) & (SSH_CLOSED | SSH_CLOSED_ERROR)) != 0)
		end(s, "closed");
	else if (s->phase == AUTH && s->login.admitted)
		admitted(s);
}

static void
check_early(struct session *s)
{
	if (s->phase < OPEN && s->unheard) {
		(void)login_deny(&s->login, "the signature is wrong, or the key is of a kind that is not read here");
		end(s, "a wrong signature");
	}
	if (s->phase < OPEN && login_is_hopeless(&s->login))
		end(s, "too many keys");
	if (s->phase < OPEN && (s->received.in_packets > EARLY_PACKETS_MAX ||
	    s->received.in_bytes > EARLY_BYTES_MAX))
		end(s, "too much before a proven key");
}

/* libssh answers whatever comes and keeps the answers of a peer that does not read, without end and without telling how
 * many: what its packets take on the line at least, less what went over it. */
static void
check_peer(struct session *s)
{
	uint64_t said = s->received.out_bytes + s->received.out_packets * PACKET_MIN, delivered = s->sent.out_bytes;

	if ((ssh_get_status(s->ssh) & SSH_WRITE_PENDING) == 0) {
		s->said = said;
		s->delivered = delivered;
	}
	if (said - s->said > delivered - s->delivered + OWED_MAX)
		end(s, "it does not read what it is told");
	if (s->flooded)
		end(s, "it sends more than its windows allow");
}

static bool
pump_all(struct session *s)
{
	bool moved = false;

	s->seen = s->received.in_packets;
	for (size_t k = 0; k < s->nchannels; k++)
		moved |= job_pump(s->channels[k]);
	return forward_pump(&s->forwards) || moved;
}

/* Whichever channel asks libssh takes in what came for all: also for those that were pumped before it, and the socket says
 * nothing of that any more. */
static bool
has_unseen(const struct session *s)
{
	return s->received.in_packets != s->seen;
}

static void
look_at_jobs(struct session *s)
{
	for (size_t k = 0; k < s->nchannels;) {
		struct job *c = s->channels[k];

		if (job_is_closed(c) && job_leader(c) != 0)
			start_sweep(s);
		if (!job_is_over(c)) {
			job_watch(c);
			k++;
			continue;
		}
		job_free(c);
		memmove(&s->channels[k], &s->channels[k + 1],
		    (--s->nchannels - k) * sizeof s->channels[0]);
	}
}

static void
pump_channels(struct session *s)
{
	bool moved = true;

	for (int i = 0; moved && i < PUMPS_MAX; i++)
		moved = pump_all(s);
	look_at_jobs(s);
	forward_look(&s->forwards);
	if (moved || has_unseen(s))
		loop_timer_start(s->loop, &s->again, 0, again, s);
}

static void
watch(struct session *s)
{
	uint32_t events = EPOLLIN;

	if ((ssh_get_status(s->ssh) & SSH_WRITE_PENDING) != 0)
		events |= EPOLLOUT;
	if (events != s->watched)
		(void)loop_mod(s->loop, s->fd, events);
	s->watched = events;
}

static void
session_turn(void *arg)
{
	struct session *s = arg;

	watchdog_feed();
	if (s->reap)
		reap(s);
	if (s->phase == KEX && s->ready)
		turn_kex(s);
	if ((s->phase == AUTH || s->phase == OPEN) && (s->ready || s->watched != EPOLLIN))
		poll_ssh(s);
	s->ready = false;
	check_early(s);
	if (s->phase == OPEN)
		check_peer(s);
	if (s->phase == OPEN)
		pump_channels(s);
	if (s->phase == OPEN && (ssh_get_status(s->ssh) & (SSH_CLOSED | SSH_CLOSED_ERROR)) != 0)
		end(s, "closed");
	if (s->phase == ENDING)
		turn_ending(s);
	else
		watch(s);
}

/* --- start ------------------------------------------------------------------------------------ */

static void
tune_socket(int fd)
{
	int one = 1, user_timeout_ms = 120000;

	/* On a Unix socket all of these fail, which is fine. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof one);
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &user_timeout_ms, sizeof user_timeout_ms);
}

static int
drop_capabilities(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 } };

	if (geteuid() != 0)
		return 0;
	data[0].permitted = data[0].effective = 1u << CAP_CHOWN | 1u << CAP_FOWNER |
	    1u << CAP_SETUID | 1u << CAP_SETGID | 1u << CAP_KILL;
	return syscall(SYS_capset, &head, data) < 0 ? -errno : 0;
}

static int
open_ssh(struct session *s, int fd)
{
	s->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (s->fd < 0)
		return -errno;
	s->ssh = server_accept(s->conf->server, fd);
	if (s->ssh == NULL)
		return -EIO;
	s->callbacks = (struct ssh_server_callbacks_struct){
		.userdata = s,
		.auth_none_function = on_none,
		.auth_pubkey_function = on_key,
		.channel_open_request_session_function = on_open,
	};
	ssh_callbacks_init(&s->callbacks);
	ssh_set_auth_methods(s->ssh, SSH_AUTH_METHOD_PUBLICKEY);
	if (ssh_set_server_callbacks(s->ssh, &s->callbacks) != SSH_OK)
		return -EIO;
	ssh_set_message_callback(s->ssh, on_message, s);
	ssh_set_counters(s->ssh, &s->sent, &s->received);
	s->host = (struct job_host){ .line = { s->loop, s->ssh, &s->flooded }, .account = &s->login.account,
		.connection = s->conf->connection, .lend = forward_lend, .lend_arg = &s->forwards };
	s->login = (struct login){ .options = s->conf->options, .keys = s->conf->keys, .peer = s->conf->peer };
	s->forwards = (struct forwards){ .line = &s->host.line, .account = &s->login.account };
	(void)ssh_set_log_userdata(s);
	(void)ssh_set_log_callback(on_log);
	ssh_set_log_level(SSH_LOG_PACKET);
	return 0;
}

static int
start(struct session *s, int fd)
{
	int rc;

	exec_init();
	watchdog_start();
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)signal(SIGPIPE, SIG_IGN);
	tune_socket(fd);
	s->loop = loop_new();
	if (s->loop == NULL)
		return -errno;
	if ((rc = descend_adopt()) < 0 || (rc = drop_capabilities()) < 0 ||
	    (rc = open_ssh(s, fd)) < 0 ||
	    (rc = loop_signal(s->loop, SIGCHLD, on_child, s)) < 0 ||
	    (rc = loop_signal(s->loop, SIGTERM, on_term, s)) < 0)
		return rc;
	s->watched = EPOLLIN;
	loop_timer_start(s->loop, &s->grace, GRACE_MS, grace_over, s);
	loop_set_turn(s->loop, session_turn, s);
	return loop_add(s->loop, s->fd, EPOLLIN, ssh_ready, s);
}

int
session_run(const struct session_conf *conf, int fd)
{
	static struct session s;         /* one per process; callbacks of libssh point into it */
	int rc;

	s.conf = conf;
	rc = start(&s, fd);
	if (rc < 0) {
		log_error("cannot serve: %s: %s", conf->peer, strerror(-rc));
		return 1;
	}
	/* The server speaks first: its banner leaves with this call. */
	turn_kex(&s);
	watch(&s);
	rc = loop_run(s.loop);
	return rc < 0 ? 1 : rc;
}
