/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Parameters, the same for all: ?1 and ?2 the ids of events between which the period lies, ?3 and ?4 its times, ?5 user, ?6 host,
 * ?7 leaves, ?8 as of.  Events are read by id: the plus keeps the index of times away, which would sort.
 */
#include <errno.h>
#include <string.h>

#include "db/bulk.h"
#include "db/event.h"
#include "db/sheet.h"
#include "db/stmt.h"

#define EVENTS  " FROM event WHERE id>?1 AND id<=?2 AND +t_us>=?3 AND +t_us<?4 AND (?5='' OR actor=?5) AND (?6='' OR host=?6) AND leaf<?7"
#define SESSIONS " FROM session WHERE start_us>=?3 AND start_us<?4 AND (?5='' OR user=?5) AND (?6='' OR host=?6) AND open_leaf<?7"
#define TIME(us) "strftime('%Y-%m-%dT%H:%M:%SZ'," us "/1000000,'unixepoch')"
#define DAY(us)  "strftime('%Y-%m-%d'," us "/1000000,'unixepoch')"
#define DETAIL(path) "CASE WHEN detail<>'' THEN detail->>'$." path "' END"
/* Of a request for approval, as it is after the event, or was before. */
#define ASKED(path) "coalesce(detail->>'$.after." path "',detail->>'$.before." path "')"
/* What was asked for and said, and what was then done because of it. */
#define APPROVALS " AND class=3003 AND (detail LIKE '{\"before\":%\"asked_us\":%' OR detail LIKE '%,\"approval\":%')"
/* What people do with keys, codes and second factors of their own, and the first key of a host, which the bastion pins when somebody
 * connects, stands under their names and is no administrator's act. */
#define OF_WHOM "coalesce(detail->>'$.after.user',detail->>'$.before.user')"
#define ADMIN_KIND "CASE WHEN class=3001 THEN 'own account' WHEN detail='' THEN 'administration' WHEN " OF_WHOM "=actor THEN 'own account'" \
	" WHEN detail->>'$.before.pins'='' AND detail->>'$.after.pins'<>'' THEN 'first host key' ELSE 'administration' END"
#define DAYS_US "86400000000"
#define YES(flag) "CASE " flag " WHEN 1 THEN 'yes' ELSE 'no' END"
#define BYEND " CASE WHEN close_leaf<?7 THEN "

/* directory: it shows how that stands, so not while a change in bulk is taken. */
struct query { const char *name, *sql; bool directory; };

static const struct query sheets[] = {
	{ "failed-logins", "SELECT id AS event," TIME("t_us") " AS time,actor AS user,src AS source," DETAIL("method") " AS method,text" EVENTS
	    " AND class=3002 AND ok=0 ORDER BY id" },
	{ DB_SHEET_SHELLS, "SELECT id,uuid,start_us," TIME("start_us") ",user,login,host,channel,command," BYEND "exit END,rule,cols," BYEND "state ELSE 'open' END"
	    SESSIONS " AND channel IN('exec','shell') ORDER BY id" },
	{ "transfers", "SELECT id AS event," TIME("t_us") " AS time,actor AS user,host,session," DETAIL("tool") " AS tool," DETAIL("op") " AS operation,"
	    DETAIL("path") " AS path," DETAIL("to") " AS to_path," DETAIL("bytes") " AS bytes," DETAIL("coverage") " AS coverage,"
	    DETAIL("sha256") " AS sha256," DETAIL("result") " AS result," YES("ok") " AS done" EVENTS " AND class=1001 ORDER BY id" },
	{ "forwards", "SELECT uuid AS session," TIME("start_us") " AS start," BYEND TIME("end_us") " END AS end,user,login,host,channel AS kind,"
	    "command AS destination," BYEND "bytes END AS recorded_bytes,rule" SESSIONS
	    " AND channel NOT IN('shell','exec','sftp') ORDER BY id" },
	{ "approvals", "SELECT id AS event," TIME("t_us") " AS time,actor AS who,src AS source," ASKED("id") " AS request," ASKED("user") " AS for_user,"
	    ASKED("verb") " AS verb,coalesce(" ASKED("host") ",host) AS host," ASKED("login") " AS login," ASKED("what") " AS what," ASKED("reason")
	    " AS reason," ASKED("ticket") " AS ticket," ASKED("votes") " AS votes," ASKED("state") " AS state," DETAIL("approval") " AS by_approval,"
	    DETAIL("rule") " AS rule,text" EVENTS APPROVALS " ORDER BY id" },
	{ "denials", "SELECT id AS event," TIME("t_us") " AS time,actor AS user,host,src AS source," DETAIL("verb") " AS verb," DETAIL("rule") " AS rule,text"
	    EVENTS " AND class=3003 AND ok=0 ORDER BY id" },
	{ "administration", "SELECT id AS event," TIME("t_us") " AS time,actor AS administrator,src AS source," ADMIN_KIND " AS kind,text," YES("ok")
	    " AS done," DETAIL("before") " AS before," DETAIL("after") " AS after" EVENTS " AND class IN(3001,3004) ORDER BY id" },
	{ "policies", "SELECT id AS version," TIME("seen_us") " AS in_force_since,actor AS administrator,hash,length(body) AS bytes FROM policy_version"
	    " WHERE seen_us<?4 ORDER BY id" },
	{ "accounts", "WITH last(name,t,n) AS MATERIALIZED(SELECT actor,max(t_us),count(*) FROM event WHERE class=3002 AND ok=1 AND +t_us<?4 AND leaf<?7"
	    " GROUP BY actor) SELECT u.name AS user,display,groups,CASE WHEN disabled THEN 'disabled' WHEN expires_us BETWEEN 1 AND ?8 THEN 'expired'"
	    " WHEN coalesce(t,created_us)<?8-90*" DAYS_US " THEN 'dormant' ELSE 'active' END AS state,"
	    TIME("created_us") " AS created,CASE WHEN expires_us>0 THEN " TIME("expires_us") " END AS expires," TIME("t") " AS last_login,"
	    "coalesce(n,0) AS logins,(SELECT count(*) FROM key WHERE key.user=u.name) AS keys,"
	    "(SELECT max((?8-key.added_us)/" DAYS_US ") FROM key WHERE key.user=u.name) AS oldest_key_days,"
	    "CASE WHEN f.user IS NULL THEN 'no' ELSE 'yes' END AS second_factor," TIME("f.added_us") " AS second_factor_since"
	    " FROM user u LEFT JOIN last USING(name) LEFT JOIN factor f ON f.user=u.name WHERE (?5='' OR u.name=?5) ORDER BY 4='active',u.name", true },
	{ "keys", "SELECT user,alg,blob AS fingerprint,comment," TIME("added_us") " AS added,(?8-added_us)/" DAYS_US " AS age_days,"
	    "CASE WHEN expires_us>0 THEN " TIME("expires_us") " END AS expires FROM key WHERE (?5='' OR user=?5) ORDER BY added_us,user,blob", true },
	{ "hosts", "SELECT name AS host,addr AS address,port,CASE target_kind WHEN 2 THEN 'agent' ELSE 'sshd' END AS kind,labels,logins,"
	    "CASE WHEN trim(pins)='' THEN 'no' ELSE 'yes' END AS host_key_pinned FROM host WHERE (?6='' OR name=?6) ORDER BY name", true },
	{ "readings", "SELECT id AS event," TIME("t_us") " AS time,actor AS reader,src AS source,session,text" EVENTS " AND class=1008 ORDER BY id" },
	{ "retention", "SELECT id AS event," TIME("t_us") " AS time,actor AS administrator,session," YES("ok") " AS done,text,detail" EVENTS
	    " AND class=6002 AND " DETAIL("what") " IN('retention','hold','release') ORDER BY id" },
	{ "backups", "SELECT id AS event," TIME("t_us") " AS time,actor AS administrator," DETAIL("what") " AS what," YES("ok") " AS good,text,detail" EVENTS
	    " AND class=6002 AND " DETAIL("what") " IN('backup','restore') ORDER BY id" },
	{ "faults", "SELECT id AS event," TIME("t_us") " AS time,actor AS process,session,text" EVENTS " AND class=6002 AND ok=0 ORDER BY id" },
	{ "lost-sessions", "SELECT uuid AS session," TIME("start_us") " AS start," TIME("end_us") " AS end,user,host,reason" SESSIONS
	    " AND state='lost' AND close_leaf<?7 ORDER BY id" },
	{ "service", "SELECT id AS event," TIME("t_us") " AS time,actor AS process,text,boot" EVENTS " AND class=6002 AND activity IN(3,4) ORDER BY id" },
	{ "clock-steps", "SELECT id AS event," TIME("t_us") " AS time,boot,(d-p)/1000 AS step_ms FROM (SELECT id,t_us,boot,t_us-mono_us AS d,"
	    "lag(t_us-mono_us) OVER w AS p,lag(boot) OVER w AS b FROM event WHERE id>?1 AND id<=?2 AND leaf<?7 WINDOW w AS (ORDER BY id))"
	    " WHERE b=boot AND abs(d-p)>500000 ORDER BY id" },
	{ NULL, NULL, false },
};

static const struct query figures[] = {
	{ "sessions-per-day", "SELECT " DAY("start_us") ",count(*)" SESSIONS " GROUP BY 1 ORDER BY 1" },
	{ "failed-logins-per-day", "SELECT " DAY("t_us") ",count(*)" EVENTS " AND class=3002 AND ok=0 GROUP BY 1 ORDER BY 1" },
	{ "logins-per-day", "SELECT " DAY("t_us") ",count(*)" EVENTS " AND class=3002 AND ok=1 GROUP BY 1 ORDER BY 1" },
	{ "top-hosts", "SELECT host,count(*)" SESSIONS " GROUP BY 1 ORDER BY 2 DESC,1 LIMIT 10" },
	{ "top-users", "SELECT user,count(*)" SESSIONS " GROUP BY 1 ORDER BY 2 DESC,1 LIMIT 10" },
	{ "top-failed-sources", "SELECT src,count(*)" EVENTS " AND class=3002 AND ok=0 AND src<>'' GROUP BY 1 ORDER BY 2 DESC,1 LIMIT 10" },
	{ "channels", "SELECT channel,count(*)" SESSIONS " GROUP BY 1 ORDER BY 2 DESC,1 LIMIT 10" },
	{ "denials-per-day", "SELECT " DAY("t_us") ",count(*)" EVENTS " AND class=3003 AND ok=0 GROUP BY 1 ORDER BY 1" },
	{ "approvals-per-day", "SELECT " DAY("t_us") ",count(*)" EVENTS APPROVALS " GROUP BY 1 ORDER BY 1" },
	{ "administration-per-day", "SELECT " DAY("t_us") ",count(*)" EVENTS " AND class=3004 AND " ADMIN_KIND "='administration' GROUP BY 1 ORDER BY 1" },
	{ "readings-per-day", "SELECT " DAY("t_us") ",count(*)" EVENTS " AND class=1008 GROUP BY 1 ORDER BY 1" },
	{ "transfers-per-day", "SELECT " DAY("t_us") ",count(*)" EVENTS " AND class=1001 GROUP BY 1 ORDER BY 1" },
	{ "logins-by-method", "SELECT coalesce(nullif(method,''),'(none)'),count(*)" SESSIONS " GROUP BY 1 ORDER BY 2 DESC,1 LIMIT 10" },
	{ "events-by-class", "SELECT CASE class WHEN 1001 THEN 'file operations' WHEN 1008 THEN 'reading of the record' WHEN 3001 THEN 'own account'"
	    " WHEN 3002 THEN 'authentication' WHEN 3003 THEN 'decisions' WHEN 3004 THEN 'administration' WHEN 4007 THEN 'sessions' WHEN 6002"
	    " THEN 'service' ELSE 'class '||class END,count(*)" EVENTS " GROUP BY class ORDER BY 2 DESC,1" },
	{ "administrators", "SELECT actor,count(*)" EVENTS " AND class=3004 AND " ADMIN_KIND "='administration' GROUP BY 1 ORDER BY 2 DESC,1 LIMIT 10" },
	{ "logins-on-hosts", "SELECT login,count(*)" SESSIONS " GROUP BY 1 ORDER BY 2 DESC,1 LIMIT 10" },
	{ "account-states", "SELECT state,count(*) FROM (SELECT CASE WHEN disabled THEN 'disabled' WHEN expires_us BETWEEN 1 AND ?8 THEN 'expired'"
	    " ELSE 'active' END AS state FROM user WHERE (?5='' OR name=?5)) GROUP BY 1 ORDER BY 1", true },
	{ NULL, NULL, false },
};

const char *const db_sheets[] = { "failed-logins", "transfers", "forwards", "approvals", "denials", "administration", "policies",
	"accounts", "keys", "hosts", "readings", "retention", "backups", "faults", "lost-sessions", "service", "clock-steps", NULL };
const char *const db_figures[] = { "sessions-per-day", "failed-logins-per-day", "logins-per-day", "top-hosts", "top-users",
	"top-failed-sources", "channels", "denials-per-day", "approvals-per-day", "administration-per-day", "readings-per-day",
	"transfers-per-day", "logins-by-method", "events-by-class", "administrators", "logins-on-hosts", "account-states", NULL };

static const char sql_last[] = "SELECT coalesce(max(id),0) FROM event WHERE t_us<?";
static const char sql_newest[] = "SELECT coalesce((SELECT t_us FROM event ORDER BY id DESC LIMIT 1),0)";

static const struct query *
query_find(const char *name)
{
	for (const struct query *q = sheets; q->name != NULL; q++)
		if (strcmp(q->name, name) == 0)
			return q;
	for (const struct query *q = figures; q->name != NULL; q++)
		if (strcmp(q->name, name) == 0)
			return q;
	return NULL;
}

static int
query_prepare(struct db *db, const char *name, sqlite3_stmt **s, struct err *e)
{
	const struct query *q = query_find(name);
	int r;

	if (q == NULL)
		return err_set(e, -EINVAL, "there is no sheet %s", name);
	r = q->directory ? db_bulk_whole(db, e) : 0;
	if (r != 0)
		return r;
	*s = stmt_get(db, q->sql, e);
	return *s == NULL ? -EIO : 0;
}

/* A query has those parameters that it names, up to its highest. */
static int
period_bind(struct db *db, sqlite3_stmt *s, const struct db_period *p, struct err *e)
{
	int64_t until = p->until_us != 0 ? p->until_us : INT64_MAX, first = 0, last = 0;
	const char *user = p->user != NULL ? p->user : "", *host = p->host != NULL ? p->host : "";
	char types[9] = "iiiittii";
	int r = 0;

	if (p->from_us != 0)
		r = db_event_before(db, p->from_us, &first, e);
	if (r == 0)
		r = stmt_number(db, sql_last, &last, e, "i", until);
	types[sqlite3_bind_parameter_count(s)] = '\0';
	return r != 0 ? r : stmt_bind(db, s, e, types, first, last, p->from_us, until, user, host,
	    (int64_t)(p->leaves < INT64_MAX ? p->leaves : INT64_MAX), p->as_of_us);
}

static void
cell_read(sqlite3_stmt *s, int col, struct db_cell *c)
{
	*c = (struct db_cell){ .kind = DB_NOTHING };
	switch (sqlite3_column_type(s, col)) {
	case SQLITE_NULL:
		return;
	case SQLITE_INTEGER:
		c->kind = DB_NUMBER;
		c->number = sqlite3_column_int64(s, col);
		return;
	case SQLITE_BLOB:
		c->text = stmt_blob(s, col);
		c->kind = DB_BYTES;
		if (c->text.n == ID_BYTES) {
			c->kind = DB_SESSION;
			c->text = slice_from(id_print(c->text.p, c->id));
		}
		return;
	default:
		c->kind = DB_TEXT;
		c->text = slice_from(stmt_text(s, col));
	}
}

static unsigned
columns_of(sqlite3_stmt *s, struct db_sheet_row *row)
{
	int n = sqlite3_column_count(s);

	row->n = (unsigned)(n < DB_SHEET_COLUMNS ? n : DB_SHEET_COLUMNS);
	for (unsigned i = 0; i < row->n; i++)
		row->name[i] = sqlite3_column_name(s, (int)i);
	return row->n;
}

int
db_sheet_columns(struct db *db, const char *name, struct db_sheet_row *row, struct err *e)
{
	sqlite3_stmt *s = NULL;
	int r = query_prepare(db, name, &s, e);

	if (r == 0)
		(void)columns_of(s, row);
	return r;
}

int
db_sheet_list(struct db *db, const char *name, const struct db_period *p, db_sheet_fn *fn, void *arg, struct err *e)
{
	struct db_sheet_row row;
	sqlite3_stmt *s = NULL;
	int r = query_prepare(db, name, &s, e);

	if (r == 0)
		r = period_bind(db, s, p, e);
	if (r != 0)
		return r;
	(void)columns_of(s, &row);
	while (r == 0 && (r = stmt_step(db, s, e)) == 1) {
		for (unsigned i = 0; i < row.n; i++)
			cell_read(s, (int)i, &row.cell[i]);
		r = fn(arg, &row);
	}
	sqlite3_reset(s);
	return r;
}

int
db_newest_us(struct db *db, int64_t *us, struct err *e)
{
	return stmt_number(db, sql_newest, us, e, "");
}
