/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The catalogue: every word that the processes say to each other.
 *
 * A message is one SOCK_SEQPACKET datagram: u16 type, then its fields in the order of
 * its row table in msg.c, little-endian; text and bytes as u32 length and contents.
 * In a struct, text and bytes are slices: when packing a loan from the caller, after
 * unpacking a view into the received datagram (valid until the handler returns).
 * Numbers of types are fixed for good; new ones go to the end of their group.
 * Who may say what to whom, and how large, is in link.c.
 */
#ifndef MSG_MSG_H
#define MSG_MSG_H

#include "base/buf.h"
#include "base/err.h"

#define MSG_MAX 131072                    /* bytes of the largest datagram */
#define MSG_ROWS_MAX (128u << 20)         /* … and of many rows in a file (MSG_DIR_APPLY) */

enum msg_type {
	/* every child of the monitor */
	MSG_READY = 1,                    /* child → monitor: sandboxed and serving */
	MSG_STOP,                         /* monitor → child: finish what is open, then exit 0 */
	MSG_RELOAD,                       /* monitor → gate: read the policy again */
	MSG_RELOADED,                     /* gate → monitor, gate → ctl: how it went */
	MSG_CLIENT_NEW,                   /* monitor → gate, store: here is a front or a ctl [1 fd] */
	MSG_SETTINGS,                     /* monitor → gate: what the configuration says about logins [0 to 2 fds: cas, revoked] */
	MSG_BEAT,                         /* monitor → gate: are you there?  back: yes */

	/* monitor ⇄ acceptor (front before it forks) */
	MSG_CONN_NEW = 20,                /* a connection [4 fds: socket, monitor, gate, store] */
	MSG_CONN_PID,                     /* its process */
	MSG_CONN_END,                     /* its process has ended */

	/* front ⇄ monitor, PAM child ⇄ monitor */
	MSG_PAM_START = 40,               /* front → monitor → PAM child */
	MSG_PAM_PROMPT,                   /* back: one conversation round */
	MSG_PAM_ANSWER,
	MSG_PAM_RESULT,
	MSG_LOGIN_OPEN,                   /* front → monitor: account and session phase, kernel audit */
	MSG_LOGIN_OPENED,
	MSG_MENU_START,                   /* front → monitor: run the picker on a pty */
	MSG_MENU_STARTED,                 /* monitor → front [2 fds: pty master, menu channel] */
	MSG_DIALLED,                      /* monitor → front: the target's socket, or why not [1 fd] */
	MSG_AUDIT_NOTE,                   /* front → monitor: a fact for the kernel's audit log */
	MSG_TERMINATE,                    /* monitor → front: end, saying why */
	MSG_PROXIED,                      /* front → monitor: what the proxy's header says; before all else, once */
	MSG_CONN_GO,                      /* back: so serve it [2 fds: gate, store] */
	MSG_LOGIN_FAILED,                 /* front → monitor: a try that failed */

	/* front ⇄ gate */
	MSG_KEY_ASK = 60,                 /* would this key do for this user name? */
	MSG_KEY_ANSWER,
	MSG_LOGIN,                        /* authenticated: bind an enrolling key, name the user */
	MSG_LOGIN_ANSWER,
	MSG_HOSTS_ASK,                    /* also ctl → gate */
	MSG_HOST_ROWS,                    /* also gate → ctl, front → menu; several may come */
	MSG_DECIDE,                       /* may I do this, and connect me */
	MSG_DECISION,                     /* [1 fd: an ssh-agent socket, when a new ticket comes with it] */
	MSG_PIN,                          /* first host key of a target that trusts its first key */
	MSG_PINNED,
	MSG_FACTOR,                       /* the one-time code of somebody who logs in; answer: MSG_LOGIN_ANSWER */
	MSG_NAME_ASK,                     /* how is this user name read? */
	MSG_NAME_ANSWER,
	MSG_SESSIONS_ASK,                 /* somebody's last sessions; front → gate (its own user's) → store */
	MSG_SESSION_ROWS,                 /* back, all in one */
	MSG_TICKET_END,                   /* front → gate: the connection of this ticket has ended */
	MSG_RELEASE,                      /* front → gate: what it held has ended */
	MSG_REVOKED,                      /* back: what it holds is not permitted any more; answer: MSG_RELEASE, at once */

	/* gate ⇄ monitor */
	MSG_DIAL = 80,                    /* connect for this ticket and hand the socket to that front */
	MSG_VOUCH,                        /* monitor → gate: PAM has let this connection's user in */
	MSG_VOUCHED,                      /* back: heard, so its front may hear it */
	MSG_CUT,                          /* end this connection, or one session of it, saying why */
	MSG_ADMITTED,                     /* gate → monitor, store: this user is let in: the login may be opened */
	MSG_LET_GO,                       /* gate, store → monitor: this front has left me, or I it: it has to end */

	/* front, gate → store */
	MSG_EVENT = 100,                  /* an audit event */
	MSG_EVENT_DONE,                   /* it is durable (only if req was not 0) */
	MSG_REC_OPEN,                     /* a recording begins */
	MSG_REC_OPENED,                   /* it is durable: the first byte may flow */
	MSG_REC_DATA,                     /* frames, in canonical form (base/frame.h) */
	MSG_REC_ACK,                      /* all bytes of frames below this position are durable */
	MSG_REC_CLOSE,
	MSG_REC_CLOSED,
	MSG_STORE_FULL,                   /* store → monitor: it cannot write, and has little room left (or has again) */

	/* the directory: gate ⇄ store, ctl ⇄ gate; _LOAD, _KEY, _END, _DONE also front ⇄ gate: its own user's keys */
	MSG_DIR_LOAD = 120,               /* send me all of it */
	MSG_DIR_USER,                     /* a row; as a request (req != 0) it puts or deletes */
	MSG_DIR_KEY,
	MSG_DIR_HOST,
	MSG_DIR_CODE,
	MSG_DIR_END,
	MSG_DIR_DONE,                     /* answer to a put or a delete */
	MSG_POLICY_SEEN,                  /* gate → store: this text is in force from now on */
	MSG_DIR_FACTOR,                   /* as the other rows; ctl may only delete */
	MSG_DIR_GROUP,
	MSG_DIR_APPLY,                    /* ctl → gate → store: many rows, all or none [1 fd]; answer: MSG_DIR_DONE */
	MSG_DIR_APPROVAL,                 /* as the other rows, of the gate alone: a request for approval, and what was said to it */

	/* ctl → gate */
	MSG_ENROL = 140,                  /* make a single-use code */
	MSG_ENROLLED,
	MSG_EXPLAIN,
	MSG_EXPLAINED,
	MSG_VIEW,                         /* somebody reads a recording: on the record first */
	MSG_STATUS,
	MSG_STATUS_IS,
	MSG_SESSION_END,                  /* end a session; answer: MSG_DIR_DONE */
	MSG_UPKEEP,                       /* also gate → store: holds, erasing, backups; answer: MSG_DIR_DONE */

	/* front ⇄ menu */
	MSG_MENU_INIT = 160,
	MSG_MENU_CHOICE,
	MSG_MENU_QUIT,
	MSG_MENU_OTHERS,                  /* show me those hosts, too, that may not be reached; answer: MSG_HOST_ROWS */

	/* sessions while they run: front, ctl ⇄ gate; gate ⇄ store; gate → monitor → front; front ⇄ viewer */
	MSG_LIVE_DO = 180,                /* watch, join, pause … this session; answer: MSG_LIVE_DONE */
	MSG_LIVE_DONE,                    /* [0 or 1 fd: to a ctl, its end of the way to the session] */
	MSG_LIVE_ASK,                     /* which sessions are open?  front, ctl → gate → store */
	MSG_LIVE_ROWS,                    /* back, all in one */
	MSG_LIVE_ACT,                     /* gate → front: do that to one of yours [0 or 1 fd: a viewer's way to it] */
	MSG_LIVE_LEFT,                    /* front → gate: this viewer has gone */
	MSG_SCREEN_START,                 /* gate → monitor: the viewing program for that front, on a pty [1 fd] */
	MSG_SCREEN_STARTED,               /* monitor → front [0 or 1 fd: the pty's master] */
	MSG_LIVE_FRAMES,                  /* front → viewer: frames as the store gets them */
	MSG_LIVE_NOTE,                    /* front → viewer: a sentence for the one who looks */
	MSG_LIVE_KEYS,                    /* typist → front: what was typed */
	MSG_LIVE_BEGUN,                   /* front → gate: this session is on the record and begins */
	MSG_SENTRY_START,                 /* gate → monitor: the program that looks for what is watched [2 fds: session, gate] */
	MSG_SENTRY_RULES,                 /* gate → sentry: for what */
	MSG_SENTRY_HIT,                   /* sentry → gate: there it is */
	MSG_SENTRY_SEEN,                  /* sentry → front: it has looked at all up to there, and said what it saw */
	MSG_SCREEN_ENDED,                 /* monitor → front: the viewing program has ended */
	MSG_REPLAY_ASK,                   /* front → gate: show these recordings; answer: MSG_DECISION, and behind a yes the program */
	MSG_REPLAY_READ,                  /* reader → gate: so far it has been handed out */

	/* approvals: front, ctl ⇄ gate */
	MSG_APPROVAL_ASK = 200,           /* I want to do this, and it takes an approval */
	MSG_APPROVAL_ASKED,
	MSG_APPROVAL_LIST,                /* those that concern me */
	MSG_APPROVAL_ROW,                 /* one of them; MSG_DIR_END comes behind the last */
	MSG_APPROVAL_SAY,                 /* yes, no, or never mind; answer: MSG_DIR_DONE */
	MSG_APPROVAL_NEWS,                /* gate → front: something was said to a request of its user */
	MSG_STEP_UP,                      /* front → gate: a second factor, in the middle of the connection */
	MSG_STEPPED_UP,
	MSG_NOTIFY,                       /* gate → monitor → notify: tell this sink */

	MSG_TYPE_END
};

enum msg_file { MSG_FILE_NONE = 0, MSG_FILE_COMES = 1, MSG_FILE_UNREADABLE = 2 };     /* COMES: its descriptor is with it */
enum msg_client { MSG_CLIENT_FRONT = 1, MSG_CLIENT_CTL = 2 };
enum msg_dir_op { MSG_DIR_SHOW = 0, MSG_DIR_PUT = 1, MSG_DIR_DELETE = 2, MSG_DIR_CHECK = 3 };  /* CHECK: would a put be taken? */
enum msg_hosts { MSG_HOSTS_ALL = 0, MSG_HOSTS_ALLOWED = 1, MSG_HOSTS_OTHERS = 2 };     /* ALL: those that may be reached first */
enum msg_upkeep_op { MSG_UPKEEP_HOLD = 1, MSG_UPKEEP_RELEASE, MSG_UPKEEP_ERASE, MSG_UPKEEP_BACKUP, MSG_UPKEEP_RESTORE, MSG_UPKEEP_CLOCK };
enum msg_limit { MSG_LIMIT_COMMAND = 1, MSG_LIMIT_NO_PTY = 2 };
enum msg_vouch_method { MSG_VOUCH_INTERACTIVE = 1, MSG_VOUCH_PASSWORD = 2 };
enum msg_target_kind { MSG_TARGET_SSHD = 1, MSG_TARGET_AGENT = 2 };
enum msg_proxied_kind { MSG_PROXIED_BAD = 0, MSG_PROXIED_FOR = 1, MSG_PROXIED_OWN = 2 };
enum msg_live_op {
	MSG_LIVE_WATCH = 1, MSG_LIVE_JOIN, MSG_LIVE_PAUSE, MSG_LIVE_RESUME, MSG_LIVE_LOCK, MSG_LIVE_UNLOCK, MSG_LIVE_HAND,
	MSG_LIVE_END, MSG_LIVE_OPS,
	/* of MSG_LIVE_ACT alone; SENTRY: the way to it, or that there is none (no descriptor); PRESENT, ABSENT: the moderator
	 * that is required */
	MSG_LIVE_SENTRY = 20, MSG_LIVE_PRESENT, MSG_LIVE_ABSENT,
	/* of MSG_SCREEN_START (REPLAY also of a picker's choice): recordings, on a terminal or without one */
	MSG_LIVE_REPLAY = 30, MSG_LIVE_EXPORT,
};
enum msg_lack { MSG_LACK_MFA = 1, MSG_LACK_TICKET = 2, MSG_LACK_APPROVAL = 4, MSG_LACK_MODERATOR = 8 };      /* bits: what a permit is not good without */
enum msg_record { MSG_RECORD_USUAL, MSG_RECORD_META, MSG_RECORD_IO, MSG_RECORD_FULL };     /* how much of it; IO is what is usual */
enum msg_say { MSG_SAY_NO = 0, MSG_SAY_YES = 1, MSG_SAY_WITHDRAW = 2 };
enum msg_note { MSG_NOTE_SESSION_START = 1, MSG_NOTE_SESSION_END, MSG_NOTE_COMMAND };

struct msg_ready { uint32_t sandboxed; };             /* 1: sandbox_holds */
struct msg_stop { struct slice reason; };
struct msg_reload { uint32_t req; };
struct msg_beat { uint32_t n; };                       /* the answer has the question's */
struct msg_reloaded { uint32_t req, ok; struct slice text; };
/* cas, revoked: enum msg_file.  Names for the log.  methods: as base/methods.h reads them */
struct msg_settings { uint32_t cas, revoked, mfa_period_s; struct slice cas_name, revoked_name, methods; };
struct msg_client_new { uint64_t conn; uint32_t kind, uid, pid; struct slice peer; };

/* proxied: a header comes first, and there are 2 fds only: socket, monitor */
struct msg_conn_new { uint64_t conn; struct slice peer; uint32_t peer_port; struct slice local; uint32_t proxied; };
struct msg_conn_pid { uint64_t conn; uint32_t pid; };
struct msg_conn_end { uint64_t conn; uint32_t pid, status; };   /* status as wait(2) gives it */

struct msg_pam_start { struct slice user, rhost; };
/* prompts: count times (u8 echo, u32 length, bytes) */
struct msg_pam_prompt { struct slice instruction; uint32_t count; struct slice prompts; };
/* answers: count times (u32 length, bytes) */
struct msg_pam_answer { uint32_t count; struct slice answers; };
struct msg_pam_result { uint32_t ok; struct slice user, text; };
struct msg_login_open { struct slice user, method; };
struct msg_login_opened { uint32_t ok; struct slice text; };
struct msg_menu_start { struct slice term; uint32_t cols, rows; struct slice lang; };
struct msg_menu_started { uint32_t ok; struct slice text; };
struct msg_dialled { uint64_t ticket; uint32_t ok; struct slice text; };
struct msg_audit_note { uint32_t note, ok; struct slice session, user, login, host, text; };
/* kind: BAD (text says why), FOR the client at addr, which went to to_addr, or the proxy's OWN connection */
struct msg_proxied { uint32_t kind; struct slice addr; uint32_t port; struct slice to_addr; uint32_t to_port; struct slice text; };
struct msg_conn_go { struct slice peer; uint32_t peer_port; struct slice local; };
struct msg_login_failed { struct slice method, user; };       /* user: who was claimed */
struct msg_terminate { struct slice reason, session; };       /* session: its id as text; empty: all of them */

struct msg_name_ask { struct slice raw; };
/* user: who it would be, whether there is such a user or not; empty if it is no name.  shown: raw as logs may have it */
struct msg_name_answer { struct slice user, shown; };
/* raw: the SSH user name as it came, e.g. "alice", "alice+web1", "alice+root+web1", "alice+e-CODE" */
struct msg_key_ask { struct slice raw, alg, blob; };
/* reason: why not, for the record; empty for a key that nobody knows */
struct msg_key_answer { uint32_t known; struct slice reason; };
/* method: "publickey", "keyboard-interactive", "password"; blob empty but for publickey */
struct msg_login { struct slice raw, method, alg, blob; };
/* ok: 0 no (reason says why), 1 yes, 2 more has to be proved (reason: what to show before a one-time code is asked for:
 * lines of UTF-8, a QR code at the first time).
 * user: the bastion's user; login and host: what raw named beyond it, or empty; method: all that was proved.
 * next: what may be proved now (bits of base/methods.h); interactive: which of them keyboard-interactive is to ask for.
 * limits: bits of enum msg_limit, by the user's certificate; command: then the only one, or empty */
struct msg_login_answer {
	uint32_t ok, enrolled;
	struct slice user, login, host, reason, method;
	uint32_t next, interactive, limits;
	struct slice command;
};
/* user: empty for a front (its own); a ctl must name one, or "" for all hosts as the administrator sees them.
 * which: enum msg_hosts */
struct msg_hosts_ask { struct slice user; uint32_t which; };
/* rows: each u32 length and a packed struct msg_host_row (msg_host_row_take); more: another message follows */
/* others: in the last one, how many hosts were left out because they may not be reached.  nobody: there is no such user.
 * banner: what an administrator must know */
struct msg_host_rows { uint32_t more; struct slice rows; uint32_t others, nobody; struct slice banner; };
/* user: empty for a front (its own) */
struct msg_sessions_ask { uint32_t req; struct slice user; uint32_t max; };
/* rows: each u32 length and a packed struct msg_session_row, newest first */
struct msg_session_rows { uint32_t req; struct slice rows; };
/* end_us: 0 while it is open.  command: at most its beginning */
struct msg_session_row {
	struct slice id, login, host, channel, state, exit, command, src, reason;
	uint64_t start_us, end_us, bytes, conn;
};
/* logins: comma-separated, those allowed; labels: "env=prod tier=db"; why: the policy's sentence; brief: its few words for
 * a column: the rule and its place, or what is lacking */
struct msg_host_row { struct slice name, addr, logins, labels; uint32_t allowed; struct slice why, brief; };
/* verb: as POLICY.md names it ("shell", "exec"…).  host, login: as given, may be empty.
 * hold: the front's number for what this opens, until MSG_RELEASE; 0: nothing that lasts.  under: that of what it belongs to, or 0:
 * what was approved for one time is good for that, too.
 * to: "HOST:PORT" of a forward; listen: of one that the host shall listen for.  dial: 1 if a connection to the target is wanted.
 * path: of put and get, a file of the target; empty: any of them, and by_path says whether each is to be asked about.
 * change: the ticket that it is done for, or empty. */
struct msg_decide { uint32_t req; struct slice verb, host, login, command, to, listen, path, change; uint32_t dial, hold, under; };
/* ticket: of the connection that it goes over; an older one when that is to the same place, for the same login.
 * pins: target host keys, "alg base64" separated by newlines.  reason: one sentence for the user.
 * missing: not permitted because no one host is meant; reason names some that might be.
 * record: enum msg_record.  lacks: enum msg_lack, of what the policy would permit; request: the id of the one for its approval that waits, or empty
 * limits: as base/limits.h has them */
struct msg_decision {
	uint32_t req, permit, missing, by_path, lacks, record;
	uint64_t ticket;
	struct slice host, login, addr;
	uint32_t target_kind, trust_first;
	struct slice pins, rule, reason, policy_hash, request, words, limits;
};
struct msg_ticket_end { uint64_t ticket; };
struct msg_release { uint32_t hold; struct slice verb; };                 /* verb: this one alone; empty: all */
struct msg_revoked { uint32_t hold; struct slice verb, code, reason; };  /* code: "revoked", "timeout"; reason: a sentence for the user */
struct msg_pin { uint64_t ticket; struct slice alg, blob; };
struct msg_factor { struct slice code; };
struct msg_pinned { uint64_t ticket; uint32_t ok; struct slice reason; };

/* addr: an IP address, a name, or "unix:/path" */
struct msg_dial { uint64_t ticket, conn; struct slice addr; uint32_t port; };
/* methods: what a front may call it, by the configuration */
struct msg_vouch { uint64_t conn; struct slice user; uint32_t methods; };
struct msg_vouched { uint64_t conn; };
struct msg_cut { uint64_t conn; struct slice session, reason; };          /* session: as in msg_terminate */
struct msg_admitted { uint64_t conn; struct slice user; };
struct msg_let_go { uint64_t conn; };

/* class, activity, severity: OCSF numbers.  text: one human sentence.  detail: a JSON object or empty.
 * sign: 1 when the tree's head is to be signed with it, because somebody is about to read the record */
struct msg_event {
	uint32_t req, class_uid, activity, severity, ok, sign;
	struct slice actor, session, host, src, text, detail;
};
struct msg_event_done { uint32_t req, ok; };
/* rec: the sender's own number for this recording.  id: 16 bytes (base/id.h).  channel: "shell", "exec", "sftp"… */
struct msg_rec_open {
	uint32_t rec;
	uint64_t conn;
	struct slice id, user, login, host, addr, src, method, channel, command, term;
	uint32_t cols, rows;
	struct slice rule, policy_hash;
};
struct msg_rec_opened { uint32_t rec, ok; struct slice text; };
/* pos: bytes of canonical frames before these */
struct msg_rec_data { uint32_t rec; uint64_t pos; struct slice frames; };
struct msg_rec_ack { uint32_t rec; uint64_t pos; };
struct msg_rec_close { uint32_t rec; uint64_t pos; struct slice reason, exit; };
struct msg_rec_closed { uint32_t rec, ok; };
struct msg_store_full { uint32_t full; };

struct msg_dir_load { uint32_t req; };
/* groups: comma-separated; attrs: as a host's labels, "team=pay site=hz".  actor (in puts): who does it, for the audit.  expires_us: 0 for never */
/* factor_us: when the second factor was made, 0: there is none; only the gate says it */
/* state, of users and hosts: of the directory (msg_dir_end) that the row was made from, put only if that is how it still is; 0: however it is */
#define MSG_STALE "the directory has changed meanwhile: try again"
struct msg_dir_user {
	uint32_t req, op;
	struct slice actor, name, display, groups;
	uint32_t disabled;
	uint64_t created_us, expires_us, factor_us;
	struct slice attrs;
	uint64_t state;
};
struct msg_dir_group { uint32_t req, op; struct slice actor, name, description; };
struct msg_dir_key { uint32_t req, op; struct slice actor, user, alg, blob, comment; uint64_t added_us, expires_us; };
struct msg_dir_host {
	uint32_t req, op;
	struct slice actor, name, addr;
	uint32_t port, target_kind, trust_first;
	struct slice labels, logins, pins, aliases;
	uint64_t state;
};
struct msg_dir_code { uint32_t req, op; struct slice actor, user, hash; uint64_t expires_us; };   /* hash: SHA-256 */
/* sealed: only the gate can open it.  step: of the last code that was taken (RFC 6238) */
struct msg_dir_factor { uint32_t req, op; struct slice actor, user, sealed; uint64_t step, added_us; };
/* state: which version of users, groups, keys and hosts it was; 0: it changed while it was sent */
/* what: of the verb: a command, "to HOST:PORT", "listen HOST:PORT", or empty.  votes: "NAME=TIME" of those who said yes, a blank
 * between them.  state: open, used, rejected, withdrawn, expired.  said: what actor did, behind the actor's name a sentence */
struct msg_dir_approval {
	uint32_t req, op;
	struct slice actor, id, user, verb, host, login, what, reason, ticket, policy, src, votes, state, said;
	uint64_t asked_us, expires_us;
};
struct msg_dir_end { uint32_t req; uint64_t state; };
/* at: of many rows the one that was refused, from 1; 0: none in particular */
struct msg_dir_done { uint32_t req, ok, at; struct slice text; };
/* The descriptor is a sealed memory file: for each row u32 length and MSG_DIR_USER, _GROUP, _KEY or _HOST as a datagram has it.
 * They are taken in their order.  state: the version that they were made for */
struct msg_dir_apply { uint32_t req; uint64_t state; struct slice actor; };
struct msg_policy_seen { struct slice hash, body, actor; };

struct msg_enrol { uint32_t req; struct slice user; uint32_t ttl_s; };
struct msg_enrolled { uint32_t req, ok; struct slice code, text; };
/* argv: NUL-separated; src, user, …: the question */
struct msg_explain { uint32_t req; struct slice user, verb, host, login, argv, src; uint64_t at_us; };
struct msg_explained { uint32_t req, permit; struct slice text; };
struct msg_view { uint32_t req; struct slice session, how; };
/* conn: whose session it is, as the store has it; session: its id as text */
/* op: enum msg_upkeep_op.  session: its id as text (HOLD, RELEASE); file: a partition (ERASE) or a place (BACKUP, RESTORE).
 * text: the reason; ok: how it went (BACKUP, RESTORE: the store only writes that down).  To ERASE the answer may be MSG_AGAIN: again */
#define MSG_AGAIN "more"
struct msg_upkeep { uint32_t req, op, ok; struct slice actor, session, file, text; };
struct msg_session_end { uint32_t req; uint64_t conn; struct slice session, reason; };
struct msg_status { uint32_t req; };
struct msg_status_is { uint32_t req, users, hosts, rules; struct slice policy_hash, policy_error; };

/* login: the one that is wanted on whichever host; host: where the cursor goes; each may be empty */
/* session: one that has been looked at, from the picker's list of those that run, or (past) are over: that list comes first */
struct msg_menu_init { struct slice user, notice, query, login, host, session; uint32_t past; };
struct msg_menu_choice { struct slice host, login, query; };
struct msg_menu_others { uint32_t req; };
struct msg_menu_quit { uint32_t code; };

/* session: its id, which may be shortened.  to: of HAND, who shall type; empty: its own user again.  hold: as in msg_decide.
 * term, lang, cols, rows: of the terminal that WATCH and JOIN are for (a front's) */
struct msg_live_do {
	uint32_t req, op, hold;
	struct slice session, reason, to, term, lang;
	uint32_t cols, rows;
};
struct msg_live_done { uint32_t req, ok; struct slice session, text; };      /* session: its whole id; text: why not, or what was done */
/* session: the beginning of an id, or empty: all.  past: 1: those that have ended, too, of user alone, or of all (empty).  From a front
 * or a ctl: the user's own, and those that may be replayed */
struct msg_live_ask { uint32_t req; struct slice session, user; uint32_t max, past; };
/* rows: each u32 length and a packed struct msg_live_row, newest first */
struct msg_live_rows { uint32_t req; struct slice rows; };
/* viewers, state: the gate adds them; state: "ALARM secret, paused, typed by bob", some of it, or empty.  Of one that has ended idle_ms
 * is how long it took, and state how it ended, if its end is lost */
struct msg_live_row {
	struct slice id, user, login, host, channel, command, src;
	uint64_t conn, start_us, bytes, idle_ms;
	uint32_t viewers;
	struct slice state;
};
/* live: the gate's number for this viewer.  actor: who does it; to: as in msg_live_do */
struct msg_live_act { uint32_t op; uint64_t live; struct slice session, actor, reason, to; };
/* Of a sentry whose session goes on: why. */
enum msg_lost { MSG_LOST_NOT = 0, MSG_LOST_ENDED, MSG_LOST_STUCK };
struct msg_live_left { uint64_t live; uint32_t lost; };
struct msg_live_begun { uint32_t hold; struct slice session; uint32_t cols, rows; };
struct msg_sentry_start { uint64_t conn; struct slice session; };
/* eres: count times (u32 length, a POSIX extended regular expression) */
struct msg_sentry_rules { uint32_t cols, rows, count; struct slice eres; };
/* rule: which of them, from 0.  line: what it was found in */
struct msg_sentry_hit { uint32_t rule; struct slice line; };
struct msg_sentry_seen { uint64_t pos; };
/* req: the front's.  other: a recording to be seen beside it, or empty; options: as in msg_replay_ask */
struct msg_screen_start { uint64_t conn; uint32_t req, op; struct slice session, other, options, term, lang; uint32_t cols, rows; };
struct msg_screen_started { uint32_t req, ok; struct slice text; };
struct msg_screen_ended { uint32_t req, status; };      /* status: as of a shell's command */
/* session, other: as in msg_live_do; other may be empty.  options: "speed=2 follow", those of fortress replay that the monitor
 * knows.  op: REPLAY or EXPORT.  hold, change: as in msg_decide.  Of what lacks something `words` of the decision says what the
 * request is about (`command` in msg_approval_ask) */
struct msg_replay_ask { uint32_t req, op, hold; struct slice session, other, options, change, term, lang; uint32_t cols, rows; };
struct msg_replay_read { uint32_t which; uint64_t t_ms; };
/* pos: bytes of canonical frames before these, as in msg_rec_data */
struct msg_live_frames { uint64_t pos; struct slice frames; };
struct msg_live_note { struct slice text; };
struct msg_live_keys { struct slice bytes; };

/* The question as in msg_decide; reason and ticket are for those who approve. */
struct msg_approval_ask { uint32_t req; struct slice verb, host, login, command, to, listen, reason, ticket; };
/* id: of the request; if it is not ok text says why not */
struct msg_approval_asked { uint32_t req, ok; struct slice id, text; };
struct msg_approval_list { uint32_t req; };
/* may: the one who asks may say yes or no; state: in words */
struct msg_approval_row {
	uint32_t req, may;
	struct slice id, user, verb, host, login, what, reason, ticket, src, state;
	uint64_t asked_us, expires_us;
};
struct msg_approval_say { uint32_t req, say; struct slice id, reason; };
/* code: empty: what is to be shown before it is asked for?  ok: as in msg_login_answer, of which 2 is for an empty one */
struct msg_step_up { uint32_t req; struct slice code; };
struct msg_stepped_up { uint32_t req, ok; struct slice text; };
/* data: a JSON object; text: one sentence */
struct msg_notify { struct slice sink, text, data; uint64_t at_us; };
struct msg_approval_news { struct slice id, text; };

/* Appends the datagram for the struct that belongs to type.  0, or buf_append's codes. */
int msg_pack(struct buf *out, enum msg_type type, const void *message);
/* The same but for the last field's contents, if that is bytes: they are *tail, where the caller has them (else it is empty). */
int msg_pack_parts(struct buf *out, enum msg_type type, const void *message, struct slice *tail);
/* Fills the struct that belongs to type from the fields (without the type).  0 or -EBADMSG: too short,
 * a length beyond the end, or anything left over.  Nothing is written to *ret on failure. */
int msg_unpack(enum msg_type type, struct slice fields, void *ret);
/* For logs; "unknown" where there is none. */
const char *msg_name(unsigned type);
size_t msg_struct_size(unsigned type);                /* 0: no such type */

/* Whole messages one after another, each behind its length.  Adding: msg_pack's codes.  Taking: false at the end, or when it is
 * cut off; *row is a datagram. */
int msg_row_add(struct buf *rows, enum msg_type type, const void *message);
bool msg_row_take(struct slice *rows, struct slice *row);

/* Host rows inside struct msg_host_rows. */
int msg_host_row_put(struct buf *rows, const struct msg_host_row *row);
/* 1 and *ret from the front of rows, 0 at the end, -EBADMSG. */
int msg_host_row_take(struct slice *rows, struct msg_host_row *ret);
/* The same for rows of sessions. */
int msg_session_row_put(struct buf *rows, const struct msg_session_row *row);
int msg_session_row_take(struct slice *rows, struct msg_session_row *ret);
/* And for those of sessions that are open. */
int msg_live_row_put(struct buf *rows, const struct msg_live_row *row);
int msg_live_row_take(struct slice *rows, struct msg_live_row *ret);

#endif
