/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Each change of the directory is an event with the row before and after, as JSON.  So a row
 * that stands has come once more often than it went, and one that does not stand has gone as
 * often as it came.  With a user go keys, codes and factor without events of their own: what
 * was on record for them before that does not count.
 */
#include <errno.h>
#include <string.h>

#include <openssl/sha.h>

#include "base/text.h"
#include "db/rows.h"
#include "db/standing.h"
#include "db/stmt.h"

#define RECORD \
	"WITH told(id,before,after) AS MATERIALIZED (SELECT id,nullif(detail->'$.before','null'),nullif(detail->'$.after','null')" \
	" FROM event WHERE (class=3004 OR (class=3003 AND detail LIKE '{\"before\":%')) AND json_valid(detail))," \
	" left(name,id) AS MATERIALIZED (SELECT before->>'$.name',max(id) FROM told WHERE after IS NULL" \
	" AND before->'$.groups' IS NOT NULL GROUP BY 1)," \
	" moved(id,d,j) AS (SELECT id,1,after FROM told WHERE after IS NOT NULL" \
	" UNION ALL SELECT id,-1,before FROM told WHERE before IS NOT NULL)," \
	" net(j,n) AS MATERIALIZED (SELECT j,sum(d) FROM moved WHERE j->'$.user' IS NULL" \
	" OR id>coalesce((SELECT left.id FROM left WHERE left.name=j->>'$.user'),0) GROUP BY j)," \
	" stands(what,j) AS MATERIALIZED (SELECT 'user '||name," USER_JSON " FROM user" \
	" UNION ALL SELECT 'a key of user '||user," KEY_JSON " FROM key" \
	" UNION ALL SELECT 'group '||name," GROUP_JSON " FROM usergroup" \
	" UNION ALL SELECT 'host '||name," HOST_JSON " FROM host" \
	" UNION ALL SELECT 'an enrolment code of user '||user," CODE_JSON " FROM code" \
	" UNION ALL SELECT 'the second factor of user '||user," FACTOR_JSON " FROM factor" \
	" UNION ALL SELECT 'request '||id||' for approval'," APPROVAL_JSON " FROM approval)"

static const char sql_unsaid[] = RECORD
    " SELECT what FROM stands LEFT JOIN net USING(j) WHERE coalesce(n,0)<>1 LIMIT 1";
static const char sql_missing[] = RECORD
    " SELECT CASE WHEN j->'$.votes' IS NOT NULL THEN 'request '||(j->>'$.id')||' for approval' WHEN j->'$.addr' IS NOT NULL THEN 'host '||(j->>'$.name') WHEN j->'$.groups' IS NOT NULL THEN"
    " 'user '||(j->>'$.name') WHEN j->'$.blob' IS NOT NULL THEN 'a key of user '||(j->>'$.user')"
    " WHEN j->'$.description' IS NOT NULL THEN 'group '||(j->>'$.name') WHEN j->'$.step' IS NOT NULL THEN 'the second factor of user '||(j->>'$.user')"
    " ELSE 'an enrolment code of user '||(j->>'$.user') END"
    " FROM net WHERE n>0 AND j NOT IN (SELECT j FROM stands) LIMIT 1";
static const char sql_policies[] = "SELECT id,hash,body,EXISTS(SELECT 1 FROM event WHERE class=3004 AND json_valid(detail)"
    " AND detail->>'$.policy'=hash) FROM policy_version ORDER BY id";

static int
first_bad(struct db *db, const char *sql, const char *how, struct err *e)
{
	sqlite3_stmt *s = stmt_get(db, sql, e);
	char shown[160];
	int r = s == NULL ? -EIO : stmt_step(db, s, e);

	if (r == 1)
		r = err_set(e, -EBADMSG, "%s %s", text_cleaned(slice_from(stmt_text(s, 0)), shown, sizeof(shown)), how);
	sqlite3_reset(s);
	return r;
}

static bool
hash_is(struct slice body, const char *hex)
{
	unsigned char h[SHA256_DIGEST_LENGTH];
	struct buf b;
	bool same;

	buf_init(&b, 2 * sizeof(h) + 1);
	SHA256(body.p, body.n, h);
	same = text_hex(&b, slice_of(h, sizeof(h))) == 0 && slice_is(buf_slice(&b), hex);
	buf_done(&b);
	return same;
}

static int
policies_check(struct db *db, struct err *e)
{
	sqlite3_stmt *s = stmt_get(db, sql_policies, e);
	int r = s == NULL ? -EIO : 0;

	while (r == 0 && (r = stmt_step(db, s, e)) == 1) {
		r = 0;
		if (!hash_is(stmt_blob(s, 2), stmt_text(s, 1)))
			r = err_set(e, -EBADMSG, "policy %lld was changed: its text has another hash", (long long)sqlite3_column_int64(s, 0));
		else if (sqlite3_column_int(s, 3) == 0)
			r = err_set(e, -EBADMSG, "policy %lld was never in force, the record says", (long long)sqlite3_column_int64(s, 0));
	}
	sqlite3_reset(s);
	return r;
}

int
db_standing_check(struct db *db, struct err *e)
{
	int r = first_bad(db, sql_unsaid, "is not as the record says: it was changed or put in by somebody else", e);

	if (r == 0)
		r = first_bad(db, sql_missing, "is on the record, but not there: it was taken out by somebody else", e);
	return r == 0 ? policies_check(db, e) : r;
}
