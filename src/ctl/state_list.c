/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What kinds of rows there are, and lists of them. */
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "ctl/state.h"

enum { ITEMS_MAX = 200000 };

const struct state_type state_types[STATE_KINDS] = {
	[STATE_GROUPS] = { "groups", "group", { "name", NULL }, { { "description", FIELD_TEXT, "" } }, MSG_DIR_GROUP },
	[STATE_USERS] = { "users", "user", { "name", NULL }, {
		{ "display", FIELD_TEXT, "" }, { "groups", FIELD_LIST, "" }, { "attributes", FIELD_WORDS, "" },
		{ "disabled", FIELD_BOOL, "false" }, { "expires", FIELD_TIME, "" } }, MSG_DIR_USER },
	[STATE_KEYS] = { "keys", "key", { "user", "key" }, { { "comment", FIELD_TEXT, "" }, { "expires", FIELD_TIME, "" } }, MSG_DIR_KEY },
	[STATE_HOSTS] = { "hosts", "host", { "name", NULL }, {
		{ "address", FIELD_TEXT, NULL }, { "port", FIELD_NUMBER, "22" }, { "kind", FIELD_TEXT, "sshd" },
		{ "logins", FIELD_LIST, "" }, { "labels", FIELD_WORDS, "" }, { "aliases", FIELD_LIST, "" },
		{ "host_keys", FIELD_LINES, "" }, { "trust_first_key", FIELD_BOOL, "false" } }, MSG_DIR_HOST },
};

struct state_item *
state_add(struct state_list *l)
{
	if (l->n == l->cap) {
		size_t cap = l->cap == 0 ? 64 : l->cap * 2;
		struct state_item *p = l->n < ITEMS_MAX ? realloc(l->p, cap * sizeof(*p)) : NULL;

		if (p == NULL)
			return NULL;
		l->p = p;
		l->cap = cap;
	}
	l->p[l->n] = (struct state_item){ 0 };
	return &l->p[l->n++];
}

void
state_done(struct state *s)
{
	for (int k = 0; k < STATE_KINDS; k++) {
		for (size_t i = 0; i < s->lists[k].n; i++) {
			free(s->lists[k].p[i].name);
			for (int f = 0; f < STATE_FIELDS_MAX; f++)
				free(s->lists[k].p[i].values[f]);
		}
		free(s->lists[k].p);
	}
	*s = (struct state){ 0 };
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct state_item *)a)->name, ((const struct state_item *)b)->name);
}

void
state_sort(struct state_list *l)
{
	if (l->n > 1)
		qsort(l->p, l->n, sizeof(*l->p), by_name);
}

void
state_hash(const struct state *s, unsigned char hash[32])
{
	EVP_MD_CTX *h = EVP_MD_CTX_new();
	unsigned n = 0;

	memset(hash, 0, 32);
	if (h == NULL || EVP_DigestInit_ex(h, EVP_sha256(), NULL) != 1)
		abort();
	for (int k = 0; k < STATE_KINDS; k++)
		for (size_t i = 0; i < s->lists[k].n; i++) {
			const struct state_item *item = &s->lists[k].p[i];

			(void)EVP_DigestUpdate(h, state_types[k].one, strlen(state_types[k].one) + 1);
			(void)EVP_DigestUpdate(h, item->name, strlen(item->name) + 1);
			for (int f = 0; state_types[k].fields[f].name != NULL; f++)
				(void)EVP_DigestUpdate(h, item->values[f], strlen(item->values[f]) + 1);
		}
	(void)EVP_DigestFinal_ex(h, hash, &n);
	EVP_MD_CTX_free(h);
}

const char *
state_value(enum state_kind kind, const struct state_item *item, const struct state_item *old, unsigned field)
{
	const char *address;

	if (item->values[field] != NULL)
		return item->values[field];
	if (old != NULL)
		return old->values[field];
	address = kind == STATE_HOSTS && field == HOST_PORT ? item->values[HOST_ADDRESS] : NULL;
	if (address != NULL && strncmp(address, "unix:", 5) == 0)
		return "0";
	return state_types[kind].fields[field].absent;
}
