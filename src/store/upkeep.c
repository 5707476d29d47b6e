/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What administrators do with the record itself: hold a session, let go of it, erase a month's recordings; and what the command
 * did beside us and wants written down, backups, restore tests, and that somebody looked at a clock that had leapt.  Each is an
 * event of class 6002 whose detail.what names it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "db/keep.h"
#include "msg/ocsf.h"
#include "store/store.h"

#define DETAIL_MAX 16384

struct upkeep {
	struct store *st;
	struct op *op;
	struct msg_upkeep m;
	struct buf words, detail;        /* the event's */
	char reason[1024], actor[256];
	bool ok;
	struct err *e;
};

static void
pair_put(struct upkeep *u, const char *name, const char *text)
{
	if (buf_printf(&u->detail, ",\"%s\":", name) == 0)
		(void)text_json(&u->detail, slice_from(text));
}

static int
hold(struct upkeep *u, bool release)
{
	unsigned char id[ID_BYTES];
	char text[ID_TEXT];
	int r;

	if (!id_parse(u->m.session, id))
		return err_set(u->e, -ENOENT, "there is no such session");
	(void)id_print(id, text);
	r = release ? db_hold_delete(u->st->db, id, u->e) : db_hold_put(u->st->db, id, u->reason, u->actor, u->op->at.us, u->e);
	if (r != 0)
		return r;
	pair_put(u, "session", text);
	pair_put(u, "reason", u->reason);
	return buf_printf(&u->words, "%s %s the recording %s%s%s", u->actor, release ? "lets go of" : "holds", text, u->reason[0] != '\0' ? ": " : "", u->reason);
}

/* 1: moved a part of what must stay, ask again.  A month that is still written, or will be, is none to erase. */
static int
erase(struct upkeep *u)
{
	char month[8], file[24];
	struct db_partition p;
	int r;

	if (slice_copy(u->m.file, month, sizeof(month)) != 0 || !db_partition_name(month, file))
		return err_set(u->e, -ENOENT, "write a month as 2026-01");
	if (db_partition_end(file) > clock_wall().us)
		return err_set(u->e, -ENOENT, "%s is not over yet", month);
	if (u->st->erased[0] != '\0')
		return err_set(u->e, -ENOENT, "another month is being erased: try again");
	r = db_partition_erase(u->st->db, file, u->op->at.us, &p, u->e);
	if (r != 0)
		return r;
	snprintf(u->st->erased, sizeof(u->st->erased), "%s", file);
	pair_put(u, "file", file);
	(void)buf_printf(&u->detail, ",\"sessions\":%lld,\"segments\":%lld,\"bytes\":%lld", (long long)p.sessions, (long long)p.segments, (long long)p.bytes);
	return buf_printf(&u->words, "%s erased the recordings of %s: %lld parts of %lld sessions, %lld bytes", u->actor, month, (long long)p.segments,
	    (long long)p.sessions, (long long)p.bytes);
}

static int
told(struct upkeep *u, const char *good, const char *bad)
{
	char place[1024];

	(void)text_cleaned(u->m.file, place, sizeof(place));
	u->ok = u->m.ok != 0;
	pair_put(u, "place", place);
	pair_put(u, "result", u->reason);
	return buf_printf(&u->words, "%s %s: %s%s%s", u->actor, u->ok ? good : bad, place, u->reason[0] != '\0' ? ": " : "", u->reason);
}

static int
clock_believed(struct upkeep *u)
{
	u->st->retain.believed = true;
	return buf_printf(&u->words, "%s says that the clock is right", u->actor);
}

static const char *const whats[] = { [MSG_UPKEEP_HOLD] = "hold", [MSG_UPKEEP_RELEASE] = "release", [MSG_UPKEEP_ERASE] = "retention",
	[MSG_UPKEEP_BACKUP] = "backup", [MSG_UPKEEP_RESTORE] = "restore", [MSG_UPKEEP_CLOCK] = "clock" };

static int
upkeep_do(struct upkeep *u)
{
	switch (u->m.op) {
	case MSG_UPKEEP_HOLD:    return hold(u, false);
	case MSG_UPKEEP_RELEASE: return hold(u, true);
	case MSG_UPKEEP_ERASE:   return erase(u);
	case MSG_UPKEEP_CLOCK:   return clock_believed(u);
	case MSG_UPKEEP_BACKUP:  return told(u, "made a backup", "could not make a backup");
	default:                 return told(u, "tested a backup by putting it back", "tested a backup, and it is not good");
	}
}

static int
upkeep_event(struct upkeep *u)
{
	struct msg_event m = { .class_uid = OCSF_SERVICE, .activity = 99, .severity = u->ok ? 1 : 4, .ok = u->ok, .actor = slice_from(u->actor),
		.session = u->m.op <= MSG_UPKEEP_RELEASE ? u->m.session : slice_from(""), .text = buf_slice(&u->words) };

	if (buf_text(&u->detail, "}") != 0)
		return err_set(u->e, -EMSGSIZE, "too long");
	m.detail = buf_slice(&u->detail);
	return event_add(u->st, u->op->at, u->op->at_mono, &m, u->e);
}

int
apply_upkeep(struct store *st, struct op *op, struct err *e)
{
	struct upkeep u = { .st = st, .op = op, .e = e, .ok = true };
	int r;

	if (msg_unpack(MSG_UPKEEP, slice_of(op->bytes.p + 2, op->bytes.len - 2), &u.m) != 0)
		return -EINVAL;
	(void)text_cleaned(u.m.text, u.reason, sizeof(u.reason));
	(void)text_cleaned(u.m.actor, u.actor, sizeof(u.actor));
	buf_init(&u.words, 4096);
	buf_init(&u.detail, DETAIL_MAX);
	r = buf_printf(&u.detail, "{\"what\":\"%s\"", whats[u.m.op]);
	if (r == 0)
		r = upkeep_do(&u);
	if (r == 1)
		snprintf(op->text, sizeof(op->text), MSG_AGAIN);
	else if (r == 0)
		r = upkeep_event(&u);
	/* What cannot be read of a held recording is no reason for not recording. */
	if (r == -ENOENT || r == -EEXIST || r == -EBADMSG) {
		snprintf(op->text, sizeof(op->text), "%s", e->text);
		r = 2;
	}
	buf_done(&u.words);
	buf_done(&u.detail);
	return r == 2 ? 1 : r == 1 ? 0 : r;
}

static void
unlinked(const struct err *e, int r)
{
	if (r < 0)
		log_error("store: %s: it goes at the next start", e->text);
}

void
upkeep_done(struct store *st)
{
	struct err e = { 0 };

	if (st->erased[0] == '\0')
		return;
	if (st->shrinking[0] != '\0')
		unlinked(&e, db_partition_unlink(st->db, st->shrinking, &e));
	memcpy(st->shrinking, st->erased, sizeof(st->shrinking));
	st->erased[0] = '\0';
}

void
upkeep_tick(struct store *st)
{
	struct err e = { 0 };
	int r = st->shrinking[0] != '\0' ? db_partition_shrink(st->db, st->shrinking, &e) : 1;

	if (r == 1)
		return;
	unlinked(&e, r);
	st->shrinking[0] = '\0';
}
