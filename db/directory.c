/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Queries on users, groups, keys, hosts, codes and policies.  What a row was before a change is
 * read back as JSON by SQLite itself, so that the audit shows what was really there.
 */
#include <errno.h>
#include <string.h>

#include "db/bulk.h"
#include "db/directory.h"
#include "db/rows.h"
#include "db/stmt.h"

static const char sql_users[] = "SELECT name,display,groups,disabled,created_us,expires_us,attrs FROM user ORDER BY name";
static const char sql_user[] = "SELECT " USER_JSON " FROM user WHERE name=?";
static const char sql_user_put[] = "INSERT INTO user(name,display,groups,disabled,created_us,expires_us,attrs)"
    " VALUES(?,?,?,?,?,?,?)"
    " ON CONFLICT(name) DO UPDATE SET display=excluded.display,groups=excluded.groups,disabled=excluded.disabled,"
    "expires_us=excluded.expires_us,attrs=excluded.attrs";
static const char sql_user_delete[] = "DELETE FROM user WHERE name=?";
static const char sql_user_codes[] = "DELETE FROM code WHERE user=?";
static const char sql_user_approvals[] = "DELETE FROM approval WHERE user=?";
static const char sql_groups[] = "SELECT name,description FROM usergroup ORDER BY name";
static const char sql_group[] = "SELECT " GROUP_JSON " FROM usergroup WHERE name=?";
static const char sql_group_put[] = "INSERT INTO usergroup(name,description) VALUES(?,?)"
    " ON CONFLICT(name) DO UPDATE SET description=excluded.description";
static const char sql_group_delete[] = "DELETE FROM usergroup WHERE name=?";
static const char sql_keys[] = "SELECT user,alg,blob,comment,added_us,expires_us FROM key ORDER BY user,added_us";
static const char sql_key[] = "SELECT " KEY_JSON " FROM key WHERE user=? AND blob=?";
static const char sql_key_put[] = "INSERT INTO key(user,alg,blob,comment,added_us,expires_us) VALUES(?,?,?,?,?,?)"
    " ON CONFLICT(blob,user) DO UPDATE SET comment=excluded.comment,expires_us=excluded.expires_us";
static const char sql_key_delete[] = "DELETE FROM key WHERE user=? AND blob=?";
static const char sql_hosts[] = "SELECT name,addr,port,target_kind,trust_first,labels,logins,pins,aliases FROM host"
    " ORDER BY name";
static const char sql_host[] = "SELECT " HOST_JSON " FROM host WHERE name=?";
static const char sql_host_put[] = "INSERT INTO host(name,addr,port,target_kind,trust_first,labels,logins,pins,aliases)"
    " VALUES(?,?,?,?,?,?,?,?,?) ON CONFLICT(name) DO UPDATE SET addr=excluded.addr,port=excluded.port,"
    "target_kind=excluded.target_kind,trust_first=excluded.trust_first,labels=excluded.labels,logins=excluded.logins,"
    "pins=excluded.pins,aliases=excluded.aliases";
static const char sql_host_delete[] = "DELETE FROM host WHERE name=?";
static const char sql_codes[] = "SELECT user,hash,expires_us FROM code ORDER BY user";
static const char sql_code[] = "SELECT " CODE_JSON " FROM code WHERE hash=?";
static const char sql_code_put[] = "INSERT INTO code(hash,user,expires_us) VALUES(?,?,?)";
static const char sql_code_delete[] = "DELETE FROM code WHERE hash=?";
static const char sql_factors[] = "SELECT user,sealed,step,added_us FROM factor ORDER BY user";
static const char sql_factor[] = "SELECT " FACTOR_JSON " FROM factor WHERE user=?";
static const char sql_factor_put[] = "INSERT INTO factor(user,sealed,step,added_us) VALUES(?,?,?,?)"
    " ON CONFLICT(user) DO UPDATE SET sealed=excluded.sealed,step=excluded.step,added_us=excluded.added_us";
static const char sql_factor_delete[] = "DELETE FROM factor WHERE user=?";
static const char sql_policies[] = "SELECT id,hash,body,actor,seen_us FROM policy_version ORDER BY id";
static const char sql_policy_last[] = "SELECT hash=?1 AND body=?2 FROM policy_version ORDER BY id DESC LIMIT 1";
static const char sql_policy_add[] = "INSERT INTO policy_version(hash,body,actor,seen_us) VALUES(?,?,?,?)";

/* The JSON that sql gives for one row, appended; nothing when there is no row. */
static int
row_json(struct db *db, struct buf *out, sqlite3_stmt *s, struct err *e)
{
	int r = stmt_step(db, s, e);

	if (r != 1)
		return r;
	r = buf_text(out, stmt_text(s, 0));
	sqlite3_reset(s);
	return r;
}

static int
name_json(struct db *db, const char *sql, const char *name, struct buf *out, struct err *e)
{
	sqlite3_stmt *s = stmt_get(db, sql, e);
	int r = s == NULL ? -EIO : stmt_bind(db, s, e, "t", name);

	return r == 0 ? row_json(db, out, s, e) : r;
}

static int
key_json(struct db *db, const struct db_key *k, struct buf *out, struct err *e)
{
	sqlite3_stmt *s = stmt_get(db, sql_key, e);
	int r = s == NULL ? -EIO : stmt_bind(db, s, e, "tb", k->user, k->blob);

	return r == 0 ? row_json(db, out, s, e) : r;
}

static int
code_json(struct db *db, const struct db_code *c, struct buf *out, struct err *e)
{
	sqlite3_stmt *s = stmt_get(db, sql_code, e);
	int r = s == NULL ? -EIO : stmt_bind(db, s, e, "b", c->hash);

	return r == 0 ? row_json(db, out, s, e) : r;
}

/* Whoever only reads sees a change in bulk as a whole or not at all. */
static sqlite3_stmt *
list_get(struct db *db, const char *sql, struct err *e)
{
	return db->writable || db_bulk_whole(db, e) == 0 ? stmt_get(db, sql, e) : NULL;
}

int
db_user_list(struct db *db, db_user_fn *fn, void *arg, struct err *e)
{
	sqlite3_stmt *s = list_get(db, sql_users, e);
	struct db_user u;
	int r = s == NULL ? -EIO : 0;

	while (r == 0 && (r = stmt_step(db, s, e)) == 1) {
		u = (struct db_user){ stmt_text(s, 0), stmt_text(s, 1), stmt_text(s, 2), stmt_text(s, 6),
			sqlite3_column_int(s, 3) != 0, sqlite3_column_int64(s, 4), sqlite3_column_int64(s, 5) };
		r = fn(arg, &u);
	}
	sqlite3_reset(s);
	return r;
}

int
db_group_list(struct db *db, db_group_fn *fn, void *arg, struct err *e)
{
	sqlite3_stmt *s = list_get(db, sql_groups, e);
	struct db_group g;
	int r = s == NULL ? -EIO : 0;

	while (r == 0 && (r = stmt_step(db, s, e)) == 1) {
		g = (struct db_group){ stmt_text(s, 0), stmt_text(s, 1) };
		r = fn(arg, &g);
	}
	sqlite3_reset(s);
	return r;
}

int
db_key_list(struct db *db, db_key_fn *fn, void *arg, struct err *e)
{
	sqlite3_stmt *s = list_get(db, sql_keys, e);
	struct db_key k;
	int r = s == NULL ? -EIO : 0;

	while (r == 0 && (r = stmt_step(db, s, e)) == 1) {
		k = (struct db_key){ stmt_text(s, 0), stmt_text(s, 1), stmt_blob(s, 2), stmt_text(s, 3),
			sqlite3_column_int64(s, 4), sqlite3_column_int64(s, 5) };
		r = fn(arg, &k);
	}
	sqlite3_reset(s);
	return r;
}

int
db_host_list(struct db *db, db_host_fn *fn, void *arg, struct err *e)
{
	sqlite3_stmt *s = list_get(db, sql_hosts, e);
	struct db_host h;
	int r = s == NULL ? -EIO : 0;

	while (r == 0 && (r = stmt_step(db, s, e)) == 1) {
		h = (struct db_host){ stmt_text(s, 0), stmt_text(s, 1), (uint32_t)sqlite3_column_int64(s, 2),
			(uint32_t)sqlite3_column_int64(s, 3), (uint32_t)sqlite3_column_int64(s, 4), stmt_text(s, 5),
			stmt_text(s, 6), stmt_text(s, 7), stmt_text(s, 8) };
		r = fn(arg, &h);
	}
	sqlite3_reset(s);
	return r;
}

int
db_code_list(struct db *db, db_code_fn *fn, void *arg, struct err *e)
{
	sqlite3_stmt *s = stmt_get(db, sql_codes, e);
	struct db_code c;
	int r = s == NULL ? -EIO : 0;

	while (r == 0 && (r = stmt_step(db, s, e)) == 1) {
		c = (struct db_code){ stmt_text(s, 0), stmt_blob(s, 1), sqlite3_column_int64(s, 2) };
		r = fn(arg, &c);
	}
	sqlite3_reset(s);
	return r;
}

int
db_factor_list(struct db *db, db_factor_fn *fn, void *arg, struct err *e)
{
	sqlite3_stmt *s = stmt_get(db, sql_factors, e);
	struct db_factor f;
	int r = s == NULL ? -EIO : 0;

	while (r == 0 && (r = stmt_step(db, s, e)) == 1) {
		f = (struct db_factor){ stmt_text(s, 0), stmt_blob(s, 1), sqlite3_column_int64(s, 2), sqlite3_column_int64(s, 3) };
		r = fn(arg, &f);
	}
	sqlite3_reset(s);
	return r;
}

int
db_policy_list(struct db *db, db_policy_fn *fn, void *arg, struct err *e)
{
	sqlite3_stmt *s = stmt_get(db, sql_policies, e);
	struct db_policy p;
	int r = s == NULL ? -EIO : 0;

	while (r == 0 && (r = stmt_step(db, s, e)) == 1) {
		p = (struct db_policy){ sqlite3_column_int64(s, 0), stmt_text(s, 1), stmt_blob(s, 2), stmt_text(s, 3),
			sqlite3_column_int64(s, 4) };
		r = fn(arg, &p);
	}
	sqlite3_reset(s);
	return r;
}

int
db_user_put(struct db *db, const struct db_user *u, struct buf *before, struct buf *after, struct err *e)
{
	int r = name_json(db, sql_user, u->name, before, e);

	if (r == 0)
		r = stmt_run(db, sql_user_put, e, "tttiiit", u->name, u->display, u->groups, (int64_t)u->disabled,
		    u->created_us, u->expires_us, u->attrs);
	return r == 0 ? name_json(db, sql_user, u->name, after, e) : r;
}

int
db_group_put(struct db *db, const struct db_group *g, struct buf *before, struct buf *after, struct err *e)
{
	int r = name_json(db, sql_group, g->name, before, e);

	if (r == 0)
		r = stmt_run(db, sql_group_put, e, "tt", g->name, g->description);
	return r == 0 ? name_json(db, sql_group, g->name, after, e) : r;
}

int
db_key_put(struct db *db, const struct db_key *k, struct buf *before, struct buf *after, struct err *e)
{
	int r = key_json(db, k, before, e);

	if (r == 0)
		r = stmt_run(db, sql_key_put, e, "ttbtii", k->user, k->alg, k->blob, k->comment, k->added_us, k->expires_us);
	return r == 0 ? key_json(db, k, after, e) : r;
}

int
db_host_put(struct db *db, const struct db_host *h, struct buf *before, struct buf *after, struct err *e)
{
	int r = name_json(db, sql_host, h->name, before, e);

	if (r == 0)
		r = stmt_run(db, sql_host_put, e, "ttiiitttt", h->name, h->addr, (int64_t)h->port,
		    (int64_t)h->target_kind, (int64_t)h->trust_first, h->labels, h->logins, h->pins, h->aliases);
	return r == 0 ? name_json(db, sql_host, h->name, after, e) : r;
}

int
db_code_put(struct db *db, const struct db_code *c, struct buf *before, struct buf *after, struct err *e)
{
	int r = code_json(db, c, before, e);

	if (r == 0)
		r = stmt_run(db, sql_code_put, e, "bti", c->hash, c->user, c->expires_us);
	return r == 0 ? code_json(db, c, after, e) : r;
}

int
db_factor_put(struct db *db, const struct db_factor *f, struct buf *before, struct buf *after, struct err *e)
{
	int r = name_json(db, sql_factor, f->user, before, e);

	if (r == 0)
		r = stmt_run(db, sql_factor_put, e, "tbii", f->user, f->sealed, f->step, f->added_us);
	return r == 0 ? name_json(db, sql_factor, f->user, after, e) : r;
}

int
db_user_delete(struct db *db, const struct db_user *u, struct buf *before, struct err *e)
{
	int r = name_json(db, sql_user, u->name, before, e);

	if (r == 0 && before->len == 0)
		return err_set(e, -ENOENT, "there is no user %s", u->name);
	if (r == 0)
		r = stmt_run(db, sql_user_codes, e, "t", u->name);
	if (r == 0)
		r = stmt_run(db, sql_user_approvals, e, "t", u->name);
	return r == 0 ? stmt_run(db, sql_user_delete, e, "t", u->name) : r;
}

int
db_group_delete(struct db *db, const struct db_group *g, struct buf *before, struct err *e)
{
	int r = name_json(db, sql_group, g->name, before, e);

	if (r == 0 && before->len == 0)
		return err_set(e, -ENOENT, "there is no group %s", g->name);
	return r == 0 ? stmt_run(db, sql_group_delete, e, "t", g->name) : r;
}

int
db_key_delete(struct db *db, const struct db_key *k, struct buf *before, struct err *e)
{
	int r = key_json(db, k, before, e);

	if (r == 0 && before->len == 0)
		return err_set(e, -ENOENT, "user %s has no such key", k->user);
	return r == 0 ? stmt_run(db, sql_key_delete, e, "tb", k->user, k->blob) : r;
}

int
db_host_delete(struct db *db, const struct db_host *h, struct buf *before, struct err *e)
{
	int r = name_json(db, sql_host, h->name, before, e);

	if (r == 0 && before->len == 0)
		return err_set(e, -ENOENT, "there is no host %s", h->name);
	return r == 0 ? stmt_run(db, sql_host_delete, e, "t", h->name) : r;
}

int
db_code_delete(struct db *db, const struct db_code *c, struct buf *before, struct err *e)
{
	int r = code_json(db, c, before, e);

	if (r == 0 && before->len == 0)
		return err_set(e, -ENOENT, "there is no such code, or it was used already");
	return r == 0 ? stmt_run(db, sql_code_delete, e, "b", c->hash) : r;
}

int
db_factor_delete(struct db *db, const struct db_factor *f, struct buf *before, struct err *e)
{
	int r = name_json(db, sql_factor, f->user, before, e);

	if (r == 0 && before->len == 0)
		return err_set(e, -ENOENT, "user %s has no second factor", f->user);
	return r == 0 ? stmt_run(db, sql_factor_delete, e, "t", f->user) : r;
}

int
db_policy_seen(struct db *db, const struct db_policy *p, struct err *e)
{
	int64_t same = 0;
	int r = stmt_number(db, sql_policy_last, &same, e, "tb", p->hash, p->body);

	if (r != 0 && r != -ENOENT)
		return r;
	if (r == 0 && same)
		return 0;
	r = stmt_run(db, sql_policy_add, e, "tbti", p->hash, p->body, p->actor, p->seen_us);
	return r == 0 ? 1 : r;
}
