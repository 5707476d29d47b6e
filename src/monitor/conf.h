/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * fortress.conf: keyword and value, a line each, as in sshd_config(5).
 * One table of rows feeds the parser, `-T`, the manual page and shell completion.
 */
#ifndef MONITOR_CONF_H
#define MONITOR_CONF_H

#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/net.h"

#define CONF_LIST_MAX 16

struct conf_list {
	char *items[CONF_LIST_MAX];
	unsigned n;
};

struct conf_networks {
	struct net_prefix items[CONF_LIST_MAX];
	unsigned n;
};

/* None is refused below start, rate percent from there on, growing to all at full. */
struct conf_ramp {
	uint64_t start, rate, full;
};

enum conf_kernel_audit { CONF_AUDIT_OFF, CONF_AUDIT_WANTED, CONF_AUDIT_REQUIRED };

struct conf {
	struct conf_list listen;             /* "ADDRESS:PORT" or "[V6]:PORT" */
	struct conf_list host_keys;          /* paths */
	char *policy, *pam_service, *user, *gate_user, *store_user, *checkpoint_file, *checkpoint_syslog;
	struct conf_list notify_sinks;       /* "NAME webhook URL KEYFILE", "NAME syslog SOCKET" */
	char *user_cas, *revoked_keys;       /* paths, or NULL */
	char *methods;                       /* as base/methods.h reads them */
	uint64_t mfa_period_s;
	uint64_t log_level;                  /* enum log_level */
	uint64_t use_pam, password;          /* 0 or 1 */
	uint64_t login_grace_s, auth_tries_max, channels_max;
	struct conf_ramp startups;           /* connections that have not logged in */
	uint64_t startups_source_max, connections_max;
	uint64_t penalties;                  /* 0 or 1 */
	struct conf_networks penalty_exempt, proxies;
	uint64_t record_window, record_timeout_s, gate_timeout_s, record_strict, watch_notice, retain_s;
	uint64_t kernel_audit;               /* enum conf_kernel_audit */
	uint64_t own_keys;                   /* 0 or 1 */
	uint64_t name_formats;               /* bits of the gate's enum names_format */
};

/* Reads the file and what it includes; relative paths in it are taken from the state directory.  The files and accounts that
 * it names must be there.  NULL on failure with e "FILE:LINE:COL: what".  Caller frees with conf_free. */
struct conf *conf_load(const char *path, const char *state_dir, struct err *e);
/* The same from text (for tests and the fuzzer); Include is refused, and nothing outside the text is looked at. */
struct conf *conf_parse(const char *name, struct slice text, const char *state_dir, struct err *e);
void conf_free(struct conf *c);

/* What is in force, in the file's own syntax; keyword: that alone, or NULL.  0 or -ENOENT: there is no such keyword. */
int conf_print(const struct conf *c, const char *keyword, FILE *out, struct err *e);
/* The rows themselves: "mdoc" for fortress.conf(5), "words" for completion.  0 or -EINVAL. */
int conf_print_keywords(const char *format, FILE *out);

#endif
