/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Packing by rows: each message is a list of {kind, offset}; one packer and one
 * unpacker walk it.  Adding a message is a struct, a list and a line in `messages`.
 */
#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "msg/msg.h"

enum kind { END, U32, U64, BYTES };

struct field {
	unsigned char kind;
	unsigned short offset;
};

#define F32(s, m)   { U32, offsetof(struct s, m) }
#define F64(s, m)   { U64, offsetof(struct s, m) }
#define FB(s, m)    { BYTES, offsetof(struct s, m) }
#define FIELDS_MAX  20

struct message {
	const char *name;
	size_t size;
	struct field fields[FIELDS_MAX];
};

#define ROW(type, word, ...) [type] = { #word, sizeof(struct msg_##word), { __VA_ARGS__ } }

static const struct message messages[MSG_TYPE_END] = {
	ROW(MSG_READY, ready, F32(msg_ready, sandboxed)),
	ROW(MSG_STOP, stop, FB(msg_stop, reason)),
	ROW(MSG_RELOAD, reload, F32(msg_reload, req)),
	ROW(MSG_BEAT, beat, F32(msg_beat, n)),
	ROW(MSG_RELOADED, reloaded, F32(msg_reloaded, req), F32(msg_reloaded, ok),
	    FB(msg_reloaded, text)),
	ROW(MSG_CLIENT_NEW, client_new, F64(msg_client_new, conn), F32(msg_client_new, kind),
	    F32(msg_client_new, uid), F32(msg_client_new, pid), FB(msg_client_new, peer)),
	ROW(MSG_SETTINGS, settings, F32(msg_settings, cas), F32(msg_settings, revoked), F32(msg_settings, mfa_period_s),
	    FB(msg_settings, cas_name), FB(msg_settings, revoked_name), FB(msg_settings, methods)),
	ROW(MSG_CONN_NEW, conn_new, F64(msg_conn_new, conn), FB(msg_conn_new, peer),
	    F32(msg_conn_new, peer_port), FB(msg_conn_new, local), F32(msg_conn_new, proxied)),
	ROW(MSG_CONN_PID, conn_pid, F64(msg_conn_pid, conn), F32(msg_conn_pid, pid)),
	ROW(MSG_CONN_END, conn_end, F64(msg_conn_end, conn), F32(msg_conn_end, pid),
	    F32(msg_conn_end, status)),
	ROW(MSG_PAM_START, pam_start, FB(msg_pam_start, user), FB(msg_pam_start, rhost)),
	ROW(MSG_PAM_PROMPT, pam_prompt, FB(msg_pam_prompt, instruction),
	    F32(msg_pam_prompt, count), FB(msg_pam_prompt, prompts)),
	ROW(MSG_PAM_ANSWER, pam_answer, F32(msg_pam_answer, count), FB(msg_pam_answer, answers)),
	ROW(MSG_PAM_RESULT, pam_result, F32(msg_pam_result, ok), FB(msg_pam_result, user),
	    FB(msg_pam_result, text)),
	ROW(MSG_LOGIN_OPEN, login_open, FB(msg_login_open, user), FB(msg_login_open, method)),
	ROW(MSG_LOGIN_OPENED, login_opened, F32(msg_login_opened, ok), FB(msg_login_opened, text)),
	ROW(MSG_MENU_START, menu_start, FB(msg_menu_start, term), F32(msg_menu_start, cols),
	    F32(msg_menu_start, rows), FB(msg_menu_start, lang)),
	ROW(MSG_MENU_STARTED, menu_started, F32(msg_menu_started, ok), FB(msg_menu_started, text)),
	ROW(MSG_DIALLED, dialled, F64(msg_dialled, ticket), F32(msg_dialled, ok),
	    FB(msg_dialled, text)),
	ROW(MSG_AUDIT_NOTE, audit_note, F32(msg_audit_note, note), F32(msg_audit_note, ok),
	    FB(msg_audit_note, session), FB(msg_audit_note, user), FB(msg_audit_note, login),
	    FB(msg_audit_note, host), FB(msg_audit_note, text)),
	ROW(MSG_PROXIED, proxied, F32(msg_proxied, kind), FB(msg_proxied, addr), F32(msg_proxied, port),
	    FB(msg_proxied, to_addr), F32(msg_proxied, to_port), FB(msg_proxied, text)),
	ROW(MSG_CONN_GO, conn_go, FB(msg_conn_go, peer), F32(msg_conn_go, peer_port), FB(msg_conn_go, local)),
	ROW(MSG_LOGIN_FAILED, login_failed, FB(msg_login_failed, method), FB(msg_login_failed, user)),
	ROW(MSG_TERMINATE, terminate, FB(msg_terminate, reason), FB(msg_terminate, session)),
	ROW(MSG_KEY_ASK, key_ask, FB(msg_key_ask, raw), FB(msg_key_ask, alg),
	    FB(msg_key_ask, blob)),
	ROW(MSG_KEY_ANSWER, key_answer, F32(msg_key_answer, known), FB(msg_key_answer, reason)),
	ROW(MSG_LOGIN, login, FB(msg_login, raw), FB(msg_login, method), FB(msg_login, alg),
	    FB(msg_login, blob)),
	ROW(MSG_LOGIN_ANSWER, login_answer, F32(msg_login_answer, ok),
	    F32(msg_login_answer, enrolled), FB(msg_login_answer, user),
	    FB(msg_login_answer, login), FB(msg_login_answer, host), FB(msg_login_answer, reason),
	    FB(msg_login_answer, method), F32(msg_login_answer, next), F32(msg_login_answer, interactive),
	    F32(msg_login_answer, limits), FB(msg_login_answer, command)),
	ROW(MSG_HOSTS_ASK, hosts_ask, FB(msg_hosts_ask, user), F32(msg_hosts_ask, which)),
	ROW(MSG_HOST_ROWS, host_rows, F32(msg_host_rows, more), FB(msg_host_rows, rows),
	    F32(msg_host_rows, others), F32(msg_host_rows, nobody), FB(msg_host_rows, banner)),
	ROW(MSG_DECIDE, decide, F32(msg_decide, req), FB(msg_decide, verb), FB(msg_decide, host),
	    FB(msg_decide, login), FB(msg_decide, command), FB(msg_decide, to),
	    FB(msg_decide, listen), FB(msg_decide, path), FB(msg_decide, change), F32(msg_decide, dial), F32(msg_decide, hold), F32(msg_decide, under)),
	ROW(MSG_DECISION, decision, F32(msg_decision, req), F32(msg_decision, permit), F32(msg_decision, missing),
	    F32(msg_decision, by_path), F32(msg_decision, lacks), F32(msg_decision, record),
	    F64(msg_decision, ticket), FB(msg_decision, host), FB(msg_decision, login),
	    FB(msg_decision, addr), F32(msg_decision, target_kind),
	    F32(msg_decision, trust_first), FB(msg_decision, pins), FB(msg_decision, rule),
	    FB(msg_decision, reason), FB(msg_decision, policy_hash), FB(msg_decision, request), FB(msg_decision, words), FB(msg_decision, limits)),
	ROW(MSG_TICKET_END, ticket_end, F64(msg_ticket_end, ticket)),
	ROW(MSG_RELEASE, release, F32(msg_release, hold), FB(msg_release, verb)),
	ROW(MSG_REVOKED, revoked, F32(msg_revoked, hold), FB(msg_revoked, verb), FB(msg_revoked, code), FB(msg_revoked, reason)),
	ROW(MSG_PIN, pin, F64(msg_pin, ticket), FB(msg_pin, alg), FB(msg_pin, blob)),
	ROW(MSG_PINNED, pinned, F64(msg_pinned, ticket), F32(msg_pinned, ok),
	    FB(msg_pinned, reason)),
	ROW(MSG_FACTOR, factor, FB(msg_factor, code)),
	ROW(MSG_NAME_ASK, name_ask, FB(msg_name_ask, raw)),
	ROW(MSG_SESSIONS_ASK, sessions_ask, F32(msg_sessions_ask, req), FB(msg_sessions_ask, user), F32(msg_sessions_ask, max)),
	ROW(MSG_SESSION_ROWS, session_rows, F32(msg_session_rows, req), FB(msg_session_rows, rows)),
	ROW(MSG_NAME_ANSWER, name_answer, FB(msg_name_answer, user), FB(msg_name_answer, shown)),
	ROW(MSG_DIAL, dial, F64(msg_dial, ticket), F64(msg_dial, conn), FB(msg_dial, addr),
	    F32(msg_dial, port)),
	ROW(MSG_VOUCH, vouch, F64(msg_vouch, conn), FB(msg_vouch, user), F32(msg_vouch, methods)),
	ROW(MSG_VOUCHED, vouched, F64(msg_vouched, conn)),
	ROW(MSG_CUT, cut, F64(msg_cut, conn), FB(msg_cut, session), FB(msg_cut, reason)),
	ROW(MSG_ADMITTED, admitted, F64(msg_admitted, conn), FB(msg_admitted, user)),
	ROW(MSG_LET_GO, let_go, F64(msg_let_go, conn)),
	ROW(MSG_EVENT, event, F32(msg_event, req), F32(msg_event, class_uid),
	    F32(msg_event, activity), F32(msg_event, severity), F32(msg_event, ok), F32(msg_event, sign),
	    FB(msg_event, actor), FB(msg_event, session), FB(msg_event, host), FB(msg_event, src),
	    FB(msg_event, text), FB(msg_event, detail)),
	ROW(MSG_EVENT_DONE, event_done, F32(msg_event_done, req), F32(msg_event_done, ok)),
	ROW(MSG_REC_OPEN, rec_open, F32(msg_rec_open, rec), F64(msg_rec_open, conn),
	    FB(msg_rec_open, id), FB(msg_rec_open, user), FB(msg_rec_open, login),
	    FB(msg_rec_open, host), FB(msg_rec_open, addr), FB(msg_rec_open, src),
	    FB(msg_rec_open, method), FB(msg_rec_open, channel), FB(msg_rec_open, command),
	    FB(msg_rec_open, term), F32(msg_rec_open, cols), F32(msg_rec_open, rows),
	    FB(msg_rec_open, rule), FB(msg_rec_open, policy_hash)),
	ROW(MSG_REC_OPENED, rec_opened, F32(msg_rec_opened, rec), F32(msg_rec_opened, ok),
	    FB(msg_rec_opened, text)),
	ROW(MSG_REC_DATA, rec_data, F32(msg_rec_data, rec), F64(msg_rec_data, pos),
	    FB(msg_rec_data, frames)),
	ROW(MSG_REC_ACK, rec_ack, F32(msg_rec_ack, rec), F64(msg_rec_ack, pos)),
	ROW(MSG_REC_CLOSE, rec_close, F32(msg_rec_close, rec), F64(msg_rec_close, pos),
	    FB(msg_rec_close, reason), FB(msg_rec_close, exit)),
	ROW(MSG_REC_CLOSED, rec_closed, F32(msg_rec_closed, rec), F32(msg_rec_closed, ok)),
	ROW(MSG_STORE_FULL, store_full, F32(msg_store_full, full)),
	ROW(MSG_DIR_LOAD, dir_load, F32(msg_dir_load, req)),
	ROW(MSG_DIR_USER, dir_user, F32(msg_dir_user, req), F32(msg_dir_user, op),
	    FB(msg_dir_user, actor), FB(msg_dir_user, name), FB(msg_dir_user, display),
	    FB(msg_dir_user, groups), F32(msg_dir_user, disabled), F64(msg_dir_user, created_us),
	    F64(msg_dir_user, expires_us), F64(msg_dir_user, factor_us), FB(msg_dir_user, attrs),
	    F64(msg_dir_user, state)),
	ROW(MSG_DIR_GROUP, dir_group, F32(msg_dir_group, req), F32(msg_dir_group, op),
	    FB(msg_dir_group, actor), FB(msg_dir_group, name), FB(msg_dir_group, description)),
	ROW(MSG_DIR_KEY, dir_key, F32(msg_dir_key, req), F32(msg_dir_key, op),
	    FB(msg_dir_key, actor), FB(msg_dir_key, user), FB(msg_dir_key, alg),
	    FB(msg_dir_key, blob), FB(msg_dir_key, comment), F64(msg_dir_key, added_us),
	    F64(msg_dir_key, expires_us)),
	ROW(MSG_DIR_HOST, dir_host, F32(msg_dir_host, req), F32(msg_dir_host, op),
	    FB(msg_dir_host, actor), FB(msg_dir_host, name), FB(msg_dir_host, addr),
	    F32(msg_dir_host, port), F32(msg_dir_host, target_kind),
	    F32(msg_dir_host, trust_first), FB(msg_dir_host, labels), FB(msg_dir_host, logins),
	    FB(msg_dir_host, pins), FB(msg_dir_host, aliases), F64(msg_dir_host, state)),
	ROW(MSG_DIR_CODE, dir_code, F32(msg_dir_code, req), F32(msg_dir_code, op),
	    FB(msg_dir_code, actor), FB(msg_dir_code, user), FB(msg_dir_code, hash),
	    F64(msg_dir_code, expires_us)),
	ROW(MSG_DIR_FACTOR, dir_factor, F32(msg_dir_factor, req), F32(msg_dir_factor, op),
	    FB(msg_dir_factor, actor), FB(msg_dir_factor, user), FB(msg_dir_factor, sealed),
	    F64(msg_dir_factor, step), F64(msg_dir_factor, added_us)),
	ROW(MSG_DIR_END, dir_end, F32(msg_dir_end, req), F64(msg_dir_end, state)),
	ROW(MSG_DIR_APPROVAL, dir_approval, F32(msg_dir_approval, req), F32(msg_dir_approval, op), FB(msg_dir_approval, actor),
	    FB(msg_dir_approval, id), FB(msg_dir_approval, user), FB(msg_dir_approval, verb), FB(msg_dir_approval, host),
	    FB(msg_dir_approval, login), FB(msg_dir_approval, what), FB(msg_dir_approval, reason), FB(msg_dir_approval, ticket),
	    FB(msg_dir_approval, policy), FB(msg_dir_approval, src), FB(msg_dir_approval, votes), FB(msg_dir_approval, state),
	    FB(msg_dir_approval, said), F64(msg_dir_approval, asked_us), F64(msg_dir_approval, expires_us)),
	ROW(MSG_DIR_APPLY, dir_apply, F32(msg_dir_apply, req), F64(msg_dir_apply, state), FB(msg_dir_apply, actor)),
	ROW(MSG_DIR_DONE, dir_done, F32(msg_dir_done, req), F32(msg_dir_done, ok), F32(msg_dir_done, at),
	    FB(msg_dir_done, text)),
	ROW(MSG_POLICY_SEEN, policy_seen, FB(msg_policy_seen, hash), FB(msg_policy_seen, body),
	    FB(msg_policy_seen, actor)),
	ROW(MSG_ENROL, enrol, F32(msg_enrol, req), FB(msg_enrol, user), F32(msg_enrol, ttl_s)),
	ROW(MSG_ENROLLED, enrolled, F32(msg_enrolled, req), F32(msg_enrolled, ok),
	    FB(msg_enrolled, code), FB(msg_enrolled, text)),
	ROW(MSG_EXPLAIN, explain, F32(msg_explain, req), FB(msg_explain, user),
	    FB(msg_explain, verb), FB(msg_explain, host), FB(msg_explain, login),
	    FB(msg_explain, argv), FB(msg_explain, src), F64(msg_explain, at_us)),
	ROW(MSG_EXPLAINED, explained, F32(msg_explained, req), F32(msg_explained, permit),
	    FB(msg_explained, text)),
	ROW(MSG_VIEW, view, F32(msg_view, req), FB(msg_view, session), FB(msg_view, how)),
	ROW(MSG_STATUS, status, F32(msg_status, req)),
	ROW(MSG_STATUS_IS, status_is, F32(msg_status_is, req), F32(msg_status_is, users),
	    F32(msg_status_is, hosts), F32(msg_status_is, rules), FB(msg_status_is, policy_hash),
	    FB(msg_status_is, policy_error)),
	ROW(MSG_SESSION_END, session_end, F32(msg_session_end, req), F64(msg_session_end, conn),
	    FB(msg_session_end, session), FB(msg_session_end, reason)),
	ROW(MSG_UPKEEP, upkeep, F32(msg_upkeep, req), F32(msg_upkeep, op), F32(msg_upkeep, ok), FB(msg_upkeep, actor),
	    FB(msg_upkeep, session), FB(msg_upkeep, file), FB(msg_upkeep, text)),
	ROW(MSG_MENU_INIT, menu_init, FB(msg_menu_init, user), FB(msg_menu_init, notice),
	    FB(msg_menu_init, query), FB(msg_menu_init, login), FB(msg_menu_init, host), FB(msg_menu_init, session), F32(msg_menu_init, past)),
	ROW(MSG_MENU_CHOICE, menu_choice, FB(msg_menu_choice, host), FB(msg_menu_choice, login),
	    FB(msg_menu_choice, query)),
	ROW(MSG_MENU_OTHERS, menu_others, F32(msg_menu_others, req)),
	ROW(MSG_MENU_QUIT, menu_quit, F32(msg_menu_quit, code)),
	ROW(MSG_LIVE_DO, live_do, F32(msg_live_do, req), F32(msg_live_do, op), F32(msg_live_do, hold),
	    FB(msg_live_do, session), FB(msg_live_do, reason), FB(msg_live_do, to), FB(msg_live_do, term),
	    FB(msg_live_do, lang), F32(msg_live_do, cols), F32(msg_live_do, rows)),
	ROW(MSG_LIVE_DONE, live_done, F32(msg_live_done, req), F32(msg_live_done, ok), FB(msg_live_done, session),
	    FB(msg_live_done, text)),
	ROW(MSG_LIVE_ASK, live_ask, F32(msg_live_ask, req), FB(msg_live_ask, session), FB(msg_live_ask, user), F32(msg_live_ask, max), F32(msg_live_ask, past)),
	ROW(MSG_LIVE_ROWS, live_rows, F32(msg_live_rows, req), FB(msg_live_rows, rows)),
	ROW(MSG_LIVE_ACT, live_act, F32(msg_live_act, op), F64(msg_live_act, live), FB(msg_live_act, session),
	    FB(msg_live_act, actor), FB(msg_live_act, reason), FB(msg_live_act, to)),
	ROW(MSG_LIVE_LEFT, live_left, F64(msg_live_left, live), F32(msg_live_left, lost)),
	ROW(MSG_LIVE_BEGUN, live_begun, F32(msg_live_begun, hold), FB(msg_live_begun, session), F32(msg_live_begun, cols),
	    F32(msg_live_begun, rows)),
	ROW(MSG_SENTRY_START, sentry_start, F64(msg_sentry_start, conn), FB(msg_sentry_start, session)),
	ROW(MSG_SENTRY_RULES, sentry_rules, F32(msg_sentry_rules, cols), F32(msg_sentry_rules, rows), F32(msg_sentry_rules, count),
	    FB(msg_sentry_rules, eres)),
	ROW(MSG_SENTRY_HIT, sentry_hit, F32(msg_sentry_hit, rule), FB(msg_sentry_hit, line)),
	ROW(MSG_SENTRY_SEEN, sentry_seen, F64(msg_sentry_seen, pos)),
	ROW(MSG_SCREEN_START, screen_start, F64(msg_screen_start, conn), F32(msg_screen_start, req), F32(msg_screen_start, op),
	    FB(msg_screen_start, session), FB(msg_screen_start, other), FB(msg_screen_start, options), FB(msg_screen_start, term),
	    FB(msg_screen_start, lang), F32(msg_screen_start, cols), F32(msg_screen_start, rows)),
	ROW(MSG_SCREEN_STARTED, screen_started, F32(msg_screen_started, req), F32(msg_screen_started, ok),
	    FB(msg_screen_started, text)),
	ROW(MSG_SCREEN_ENDED, screen_ended, F32(msg_screen_ended, req), F32(msg_screen_ended, status)),
	ROW(MSG_REPLAY_ASK, replay_ask, F32(msg_replay_ask, req), F32(msg_replay_ask, op), F32(msg_replay_ask, hold),
	    FB(msg_replay_ask, session), FB(msg_replay_ask, other), FB(msg_replay_ask, options), FB(msg_replay_ask, change),
	    FB(msg_replay_ask, term), FB(msg_replay_ask, lang), F32(msg_replay_ask, cols), F32(msg_replay_ask, rows)),
	ROW(MSG_REPLAY_READ, replay_read, F32(msg_replay_read, which), F64(msg_replay_read, t_ms)),
	ROW(MSG_LIVE_FRAMES, live_frames, F64(msg_live_frames, pos), FB(msg_live_frames, frames)),
	ROW(MSG_LIVE_NOTE, live_note, FB(msg_live_note, text)),
	ROW(MSG_LIVE_KEYS, live_keys, FB(msg_live_keys, bytes)),
	ROW(MSG_APPROVAL_ASK, approval_ask, F32(msg_approval_ask, req), FB(msg_approval_ask, verb), FB(msg_approval_ask, host),
	    FB(msg_approval_ask, login), FB(msg_approval_ask, command), FB(msg_approval_ask, to), FB(msg_approval_ask, listen),
	    FB(msg_approval_ask, reason), FB(msg_approval_ask, ticket)),
	ROW(MSG_APPROVAL_ASKED, approval_asked, F32(msg_approval_asked, req), F32(msg_approval_asked, ok),
	    FB(msg_approval_asked, id), FB(msg_approval_asked, text)),
	ROW(MSG_APPROVAL_LIST, approval_list, F32(msg_approval_list, req)),
	ROW(MSG_APPROVAL_ROW, approval_row, F32(msg_approval_row, req), F32(msg_approval_row, may), FB(msg_approval_row, id),
	    FB(msg_approval_row, user), FB(msg_approval_row, verb), FB(msg_approval_row, host), FB(msg_approval_row, login),
	    FB(msg_approval_row, what), FB(msg_approval_row, reason), FB(msg_approval_row, ticket), FB(msg_approval_row, src),
	    FB(msg_approval_row, state), F64(msg_approval_row, asked_us), F64(msg_approval_row, expires_us)),
	ROW(MSG_APPROVAL_SAY, approval_say, F32(msg_approval_say, req), F32(msg_approval_say, say), FB(msg_approval_say, id),
	    FB(msg_approval_say, reason)),
	ROW(MSG_NOTIFY, notify, FB(msg_notify, sink), FB(msg_notify, text), FB(msg_notify, data), F64(msg_notify, at_us)),
	ROW(MSG_STEP_UP, step_up, F32(msg_step_up, req), FB(msg_step_up, code)),
	ROW(MSG_STEPPED_UP, stepped_up, F32(msg_stepped_up, req), F32(msg_stepped_up, ok), FB(msg_stepped_up, text)),
	ROW(MSG_APPROVAL_NEWS, approval_news, FB(msg_approval_news, id), FB(msg_approval_news, text)),
};

static const struct message host_row = { "host_row", sizeof(struct msg_host_row),
	{ FB(msg_host_row, name), FB(msg_host_row, addr), FB(msg_host_row, logins),
	FB(msg_host_row, labels), F32(msg_host_row, allowed), FB(msg_host_row, why), FB(msg_host_row, brief) } };

static const struct message session_row = { "session_row", sizeof(struct msg_session_row),
	{ FB(msg_session_row, id), FB(msg_session_row, login), FB(msg_session_row, host), FB(msg_session_row, channel),
	FB(msg_session_row, state), FB(msg_session_row, exit), FB(msg_session_row, command),
	FB(msg_session_row, src), FB(msg_session_row, reason), F64(msg_session_row, start_us),
	F64(msg_session_row, end_us), F64(msg_session_row, bytes), F64(msg_session_row, conn) } };
static const struct message live_row = { "live_row", sizeof(struct msg_live_row),
	{ FB(msg_live_row, id), FB(msg_live_row, user), FB(msg_live_row, login), FB(msg_live_row, host),
	FB(msg_live_row, channel), FB(msg_live_row, command), FB(msg_live_row, src), F64(msg_live_row, conn),
	F64(msg_live_row, start_us), F64(msg_live_row, bytes), F64(msg_live_row, idle_ms), F32(msg_live_row, viewers),
	FB(msg_live_row, state) } };

static const struct message *
message_find(unsigned type)
{
	return type < MSG_TYPE_END && messages[type].size > 0 ? &messages[type] : NULL;
}

/* Of bytes their length; they themselves are *bytes. */
static int
pack_field(struct buf *out, const struct field *f, const void *message, struct slice *bytes)
{
	const unsigned char *at = (const unsigned char *)message + f->offset;
	struct slice s;
	uint32_t v32;
	uint64_t v64;

	switch (f->kind) {
	case U32:
		memcpy(&v32, at, sizeof(v32));
		return buf_u32(out, v32);
	case U64:
		memcpy(&v64, at, sizeof(v64));
		return buf_u64(out, v64);
	default:
		memcpy(&s, at, sizeof(s));
		if (s.n > MSG_MAX)
			return -ENOBUFS;
		*bytes = s;
		return buf_u32(out, (uint32_t)s.n);
	}
}

/* Bytes are appended once another field follows them. */
static int
pack_fields(struct buf *out, const struct message *m, const void *message, struct slice *tail)
{
	const struct field *f;
	int r = 0;

	*tail = slice_of(NULL, 0);
	for (f = m->fields; r == 0 && f < m->fields + FIELDS_MAX && f->kind != END; f++) {
		r = buf_slice_append(out, *tail);
		*tail = slice_of(NULL, 0);
		if (r == 0)
			r = pack_field(out, f, message, tail);
	}
	return r;
}

int
msg_pack_parts(struct buf *out, enum msg_type type, const void *message, struct slice *ret_tail)
{
	const struct message *m = message_find(type);
	size_t before = out->len;
	struct slice tail;
	int r;

	assert(m != NULL);
	r = buf_u16(out, (uint16_t)type);
	if (r == 0)
		r = pack_fields(out, m, message, &tail);
	if (r == 0 && out->len - before + tail.n > MSG_MAX)
		r = -ENOBUFS;
	if (r != 0)
		out->len = before;
	else
		*ret_tail = tail;
	return r;
}

int
msg_pack(struct buf *out, enum msg_type type, const void *message)
{
	size_t before = out->len;
	struct slice tail;
	int r = msg_pack_parts(out, type, message, &tail);

	if (r == 0)
		r = buf_slice_append(out, tail);
	if (r != 0)
		out->len = before;
	return r;
}

static bool
unpack_field(struct slice *in, const struct field *f, void *message)
{
	unsigned char *at = (unsigned char *)message + f->offset;
	struct slice s;
	uint32_t v32;
	uint64_t v64;

	switch (f->kind) {
	case U32:
		if (!take_u32(in, &v32))
			return false;
		memcpy(at, &v32, sizeof(v32));
		return true;
	case U64:
		if (!take_u64(in, &v64))
			return false;
		memcpy(at, &v64, sizeof(v64));
		return true;
	default:
		if (!take_u32(in, &v32) || !take_bytes(in, v32, &s))
			return false;
		memcpy(at, &s, sizeof(s));
		return true;
	}
}

static int
unpack_fields(const struct message *m, struct slice fields, void *ret)
{
	union { unsigned char bytes[512]; uint64_t align; } tmp;
	const struct field *f;

	assert(m->size <= sizeof(tmp));
	memset(&tmp, 0, m->size);
	for (f = m->fields; f < m->fields + FIELDS_MAX && f->kind != END; f++)
		if (!unpack_field(&fields, f, &tmp))
			return -EBADMSG;
	if (fields.n != 0)
		return -EBADMSG;
	memcpy(ret, &tmp, m->size);
	return 0;
}

int
msg_unpack(enum msg_type type, struct slice fields, void *ret)
{
	const struct message *m = message_find(type);

	return m != NULL ? unpack_fields(m, fields, ret) : -EBADMSG;
}

const char *
msg_name(unsigned type)
{
	const struct message *m = message_find(type);

	return m != NULL ? m->name : "unknown";
}

size_t
msg_struct_size(unsigned type)
{
	const struct message *m = message_find(type);

	return m != NULL ? m->size : 0;
}

/* The row that begins at before, with four bytes for its length, is there; or it is taken away, if it could not be put (r). */
static int
row_end(struct buf *rows, size_t before, int r)
{
	uint32_t n;

	if (r != 0) {
		rows->len = before;
		return r;
	}
	n = (uint32_t)(rows->len - before - 4);
	for (int i = 0; i < 4; i++)
		rows->p[before + (size_t)i] = (unsigned char)(n >> (8 * i));
	return 0;
}

static int
row_put(struct buf *rows, const struct message *m, const void *row)
{
	size_t before = rows->len;
	struct slice tail;
	int r = buf_u32(rows, 0);

	if (r == 0)
		r = pack_fields(rows, m, row, &tail);
	return row_end(rows, before, r != 0 ? r : buf_slice_append(rows, tail));
}

int
msg_row_add(struct buf *rows, enum msg_type type, const void *message)
{
	size_t before = rows->len;
	int r = buf_u32(rows, 0);

	return row_end(rows, before, r != 0 ? r : msg_pack(rows, type, message));
}

bool
msg_row_take(struct slice *rows, struct slice *row)
{
	uint32_t n;

	return take_u32(rows, &n) && n <= MSG_MAX && take_bytes(rows, n, row);
}

static int
row_take(struct slice *rows, const struct message *m, void *ret)
{
	struct slice one;

	if (rows->n == 0)
		return 0;
	return msg_row_take(rows, &one) && unpack_fields(m, one, ret) == 0 ? 1 : -EBADMSG;
}

int
msg_host_row_put(struct buf *rows, const struct msg_host_row *row)
{
	return row_put(rows, &host_row, row);
}

int
msg_host_row_take(struct slice *rows, struct msg_host_row *ret)
{
	return row_take(rows, &host_row, ret);
}

int
msg_session_row_put(struct buf *rows, const struct msg_session_row *row)
{
	return row_put(rows, &session_row, row);
}

int
msg_session_row_take(struct slice *rows, struct msg_session_row *ret)
{
	return row_take(rows, &session_row, ret);
}

int
msg_live_row_put(struct buf *rows, const struct msg_live_row *row)
{
	return row_put(rows, &live_row, row);
}

int
msg_live_row_take(struct slice *rows, struct msg_live_row *ret)
{
	return row_take(rows, &live_row, ret);
}
