/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The canonical form: macros and includes opened, one statement a line, in the order of the text. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "policy/ast.h"

const char *const day_names[7] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };

int
print_string(struct buf *b, const char *text)
{
	int r = buf_u8(b, '"');

	for (; r == 0 && *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			r = buf_u8(b, '\\');
		if (r == 0)
			r = buf_u8(b, (uint8_t)*text);
	}
	return r == 0 ? buf_u8(b, '"') : r;
}

int
print_who(struct buf *b, const struct who *w)
{
	static const char *const before[] = { [WHO_ANY] = "any", [WHO_USER] = "", [WHO_GROUP] = ":", [WHO_CERT] = "cert:",
		[WHO_ROLE] = "role " };
	int r = 0;

	for (; r == 0 && w != NULL; w = w->next)
		r = buf_printf(b, "%s%s%s", before[w->kind], w->name != NULL ? w->name : "", w->next != NULL ? ", " : "");
	return r;
}

/* Operands that are operators themselves stand in parentheses. */
static int
put_operand(struct buf *b, const struct expr *x)
{
	bool paren = x->kind == EXPR_AND || x->kind == EXPR_OR;
	int r = paren ? buf_text(b, "(") : 0;

	if (r == 0)
		r = print_expr(b, x);
	return r == 0 && paren ? buf_text(b, ")") : r;
}

int
print_expr(struct buf *b, const struct expr *x)
{
	int r;

	switch (x->kind) {
	case EXPR_ANY:
		return buf_text(b, "any");
	case EXPR_LABEL:
		r = buf_printf(b, "%s=", x->key);
		return r == 0 ? print_string(b, x->value) : r;
	case EXPR_REFERENCE:
		return buf_printf(b, "%s=$%s", x->key, x->value);
	case EXPR_HAS:
	case EXPR_SET:
		return buf_text(b, x->key);
	case EXPR_NAME:
		r = buf_text(b, "name ~ ");
		return r == 0 ? print_string(b, x->value) : r;
	case EXPR_NOT:
		r = buf_text(b, "!");
		return r == 0 ? put_operand(b, x->a) : r;
	default:
		r = put_operand(b, x->a);
		if (r == 0)
			r = buf_text(b, x->kind == EXPR_AND ? " & " : " | ");
		return r == 0 ? put_operand(b, x->b) : r;
	}
}

int
print_arg(struct buf *b, const struct arg *a)
{
	int r = a->optional ? buf_text(b, "[ ") : 0;

	if (r == 0)
		r = a->quoted ? print_string(b, a->text) : buf_text(b, a->text);
	return r == 0 && a->optional ? buf_text(b, " ]") : r;
}

int
print_patterns(struct buf *b, const struct command *c)
{
	int r = buf_text(b, "{ ");

	for (const struct pattern *p = c->patterns; r == 0 && p != NULL; p = p->next) {
		for (const struct arg *a = p->args; r == 0 && a != NULL; a = a->next) {
			r = print_arg(b, a);
			if (r == 0)
				r = buf_text(b, " ");
		}
		if (r == 0 && p->next != NULL)
			r = buf_text(b, "; ");
	}
	return r == 0 ? buf_text(b, "}") : r;
}

int
print_plugin(struct buf *b, const struct plugin *x)
{
	int r = buf_printf(b, " plugin %s%s", x->name, x->with ? " with {" : "");

	for (const struct param *p = x->params; r == 0 && p != NULL; p = p->next) {
		r = buf_printf(b, " %s ", p->name);
		if (r == 0)
			r = print_arg(b, p->arg);
		if (r == 0 && p->next != NULL)
			r = buf_text(b, ";");
	}
	return r == 0 && x->with ? buf_text(b, " }") : r;
}

/* " WORD a, b" with each in quotes. */
static int
put_paths(struct buf *b, const struct word *w)
{
	int r = buf_text(b, " path ");

	for (; r == 0 && w != NULL; w = w->next) {
		r = print_string(b, w->text);
		if (r == 0 && w->next != NULL)
			r = buf_text(b, ", ");
	}
	return r;
}

static int
put_dests(struct buf *b, const char *word, const struct dest *d)
{
	int r = buf_printf(b, " %s ", word);

	for (; r == 0 && d != NULL; d = d->next) {
		r = print_string(b, d->text);
		if (r == 0 && d->next != NULL)
			r = buf_text(b, ", ");
	}
	return r;
}

static int
put_verbs(struct buf *b, const struct rule *x)
{
	const char *comma = "";
	int r = 0;

	if (x->any_verb)
		return buf_text(b, "any");
	for (unsigned i = 0; r == 0 && policy_verbs[i] != NULL; i++)
		if ((x->verbs >> i & 1) != 0) {
			r = buf_printf(b, "%s%s", comma, policy_verbs[i]);
			comma = ",";
		}
	return r;
}

static int
put_days(struct buf *b, unsigned mask)
{
	const char *comma = "";
	int r = 0;

	for (int i = 0; r == 0 && i < 7; i++)
		if ((mask >> i & 1) != 0) {
			r = buf_printf(b, "%s%s", comma, day_names[i]);
			comma = ",";
		}
	return r;
}

static int
put_window(struct buf *b, const struct window *w)
{
	int zone = w->offset_min < 0 ? -w->offset_min : w->offset_min;
	int r = put_days(b, w->days);

	if (r == 0)
		r = buf_printf(b, " %02d:%02d-%02d:%02d ", w->from_min / 60, w->from_min % 60, w->until_min / 60, w->until_min % 60);
	if (r == 0 && w->zone_name != NULL)
		return buf_printf(b, "%s\n", w->zone_name);
	return r == 0 ? buf_printf(b, "%c%02d:%02d\n", w->offset_min < 0 ? '-' : '+', zone / 60, zone % 60) : r;
}

/* More than one window takes more than one line. */
static int
put_time(struct buf *b, const struct when *x)
{
	int r = 0;

	for (const struct window *w = x->windows; r == 0 && w != NULL; w = w->next) {
		r = buf_printf(b, "time %s %s", x->name, w == x->windows ? "" : "+= ");
		if (r == 0)
			r = put_window(b, w);
	}
	return r;
}

int
print_ere(struct buf *b, const char *text)
{
	int r = buf_u8(b, '/');

	for (; r == 0 && *text != '\0'; text++) {
		if (*text == '/' || *text == '\\')
			r = buf_u8(b, '\\');
		if (*text == '\\')
			text++;
		if (r == 0)
			r = buf_u8(b, (uint8_t)*text);
	}
	return r == 0 ? buf_u8(b, '/') : r;
}

static int
put_approval(struct buf *b, const struct rule *x)
{
	int r = buf_printf(b, "approval %u from ", x->need.count);

	if (r == 0)
		r = print_who(b, x->people);
	if (r == 0 && x->need.within_s != 0 && (r = buf_text(b, " within ")) == 0)
		r = text_duration(b, x->need.within_s);
	return r;
}

int
print_need(struct buf *b, const struct rule *x)
{
	static const char *const levels[] = { "none", "meta", "io", "full" };
	int r;

	switch (x->need.kind) {
	case POLICY_APPROVAL:
		return put_approval(b, x);
	case POLICY_MFA:
		return buf_text(b, "mfa");
	case POLICY_RECORD:
		return buf_printf(b, "record %s", levels[x->need.record]);
	case POLICY_TICKET:
		r = buf_text(b, "ticket ");
		return r == 0 ? print_ere(b, x->need.ticket->text) : r;
	case POLICY_NOTIFY:
		return buf_printf(b, "notify %s", x->need.sink);
	case POLICY_MODERATOR:
		r = buf_text(b, "moderator ");
		return r == 0 ? print_who(b, x->people) : r;
	}
	return -EINVAL;
}

static int
put_networks(struct buf *b, const char *word, const struct cidr *c)
{
	int r = buf_printf(b, " %s ", word);

	for (; r == 0 && c != NULL; c = c->next)
		r = buf_printf(b, "%s%s", c->text, c->next != NULL ? "," : "");
	return r;
}

static int
put_unless(struct buf *b, const struct except *x)
{
	int r = buf_text(b, " unless");

	if (r != 0)
		return r;
	if (x->from != NULL)
		return put_networks(b, "from", x->from);
	if (x->when_name != NULL)
		return buf_printf(b, " when %s", x->when_name);
	r = buf_text(b, " ");
	return r == 0 ? print_who(b, x->who) : r;
}

static int
put_conditions(struct buf *b, const struct rule *x)
{
	int r = 0;

	for (const struct word *w = x->logins; r == 0 && w != NULL; w = w->next)
		r = buf_printf(b, "%s%s", w == x->logins ? " as " : ",", w->text);
	if (r == 0 && x->cmd_name != NULL)
		r = buf_printf(b, " cmd %s", x->cmd_name);
	else if (r == 0 && x->cmd != NULL && (r = buf_text(b, " cmd ")) == 0)
		r = print_patterns(b, x->cmd);
	if (r == 0 && x->plugin != NULL)
		r = print_plugin(b, x->plugin);
	if (r == 0 && x->paths != NULL)
		r = put_paths(b, x->paths);
	if (r == 0 && x->to != NULL)
		r = put_dests(b, "to", x->to);
	if (r == 0 && x->listen != NULL)
		r = put_dests(b, "listen", x->listen);
	if (r == 0 && x->from != NULL)
		r = put_networks(b, "from", x->from);
	if (r == 0 && x->when_name != NULL)
		r = buf_printf(b, " when %s", x->when_name);
	for (const struct except *u = x->unless; r == 0 && u != NULL; u = u->next)
		r = put_unless(b, u);
	if (r == 0)
		r = policy_options_print(b, x->options);
	if (r == 0)
		r = buf_printf(b, " id %s", x->id);
	if (r == 0 && x->reason != NULL && (r = buf_text(b, " reason ")) == 0)
		r = print_string(b, x->reason);
	return r;
}

/* Without the end of its line. */
int
print_rule(struct buf *b, const struct rule *x)
{
	int r = x->need.kind != 0 ? buf_printf(b, "require %s for ", x->need.words) : buf_text(b, x->permit ? "permit " : "deny ");

	if (r == 0)
		r = print_who(b, x->who);
	if (r == 0)
		r = buf_text(b, " ");
	if (r == 0)
		r = put_verbs(b, x);
	if (r == 0)
		r = buf_text(b, " on ");
	if (r == 0)
		r = print_expr(b, x->on);
	if (r == 0)
		r = put_conditions(b, x);
	return r;
}

static int
put_rules(struct buf *b, const struct rule *x)
{
	int r = 0;

	for (; r == 0 && x != NULL; x = x->next) {
		r = print_rule(b, x);
		if (r == 0)
			r = buf_text(b, "\n");
	}
	return r;
}

static int
put_watch(struct buf *b, const struct watch *x)
{
	static const char *const actions[] = { "nothing", "alert", "freeze", "kill" };
	int r = buf_text(b, "watch ");

	if (r == 0)
		r = print_who(b, x->who);
	if (r == 0)
		r = buf_text(b, " on ");
	if (r == 0)
		r = print_expr(b, x->on);
	if (r == 0)
		r = buf_text(b, " match ");
	if (r == 0)
		r = print_ere(b, x->w.ere);
	return r == 0 ? buf_printf(b, " then %s id %s\n", actions[x->w.action], x->w.id) : r;
}

static int
put_named(struct buf *b, const struct policy *p)
{
	int r = 0;

	for (const struct role *x = p->roles; r == 0 && x != NULL; x = x->next) {
		r = buf_printf(b, "role %s { ", x->name);
		if (r == 0)
			r = print_who(b, x->members);
		if (r == 0)
			r = buf_text(b, " }\n");
	}
	for (const struct set *x = p->sets; r == 0 && x != NULL; x = x->next) {
		r = buf_printf(b, "hosts %s { ", x->name);
		if (r == 0)
			r = print_expr(b, x->expr);
		if (r == 0)
			r = buf_text(b, " }\n");
	}
	for (const struct command *x = p->commands; r == 0 && x != NULL; x = x->next) {
		r = buf_printf(b, "command %s %s%s%s", x->name, x->sha256 != NULL ? "sha256 " : "", x->sha256 != NULL ? x->sha256 : "",
		    x->sha256 != NULL ? " " : "");
		if (r == 0)
			r = print_patterns(b, x);
		if (r == 0)
			r = buf_text(b, "\n");
	}
	return r;
}

int
policy_print(const struct policy *p, struct buf *out)
{
	size_t before = out->len;
	int r = put_named(out, p);

	for (const struct when *x = p->times; r == 0 && x != NULL; x = x->next)
		r = put_time(out, x);
	if (r == 0)
		r = put_rules(out, p->rules);
	if (r == 0)
		r = put_rules(out, p->requires);
	for (const struct watch *x = p->watches; r == 0 && x != NULL; x = x->next)
		r = put_watch(out, x);
	if (r != 0)
		out->len = before;
	return r;
}
