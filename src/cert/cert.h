/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * OpenSSH user certificates (PROTOCOL.certkeys): read one, say who signed it, whether it is good for a name now, and
 * what it permits.  Pure: no clock, no files.  That its holder has the private key is libssh's to prove.
 */
#ifndef CERT_CERT_H
#define CERT_CERT_H

#include "base/net.h"
#include "base/err.h"

#define CERT_MAX            16384              /* bytes of a certificate */
#define CERT_PRINCIPALS_MAX 64
#define CERT_NETWORKS_MAX   64

struct cert {
	uint64_t serial, valid_after, valid_before;    /* seconds; before is exclusive */
	uint32_t type;                                 /* 1: user, 2: host */
	const char *plain;                             /* the type of the certified key: "ssh-ed25519" */
	struct slice key;                              /* the certified key: the fields of its blob behind the type */
	struct slice key_id, critical, extensions;
	struct slice principals[CERT_PRINCIPALS_MAX];  /* each is one name, whatever bytes are in it */
	unsigned principals_n;
	struct slice ca;                               /* the authority's public key blob */
	struct slice signed_part, signature;
};

/* Does a blob begin as a certificate does?  It must then never be taken for a plain key. */
bool cert_is(struct slice blob);
/* All slices point into blob.  0 or -EBADMSG: no certificate, an unknown kind of key, cut, or bytes left over. */
int cert_parse(struct slice blob, struct cert *ret);
/* The certified key as a blob of its own.  0 or buf_append's codes. */
int cert_key_blob(const struct cert *c, struct buf *out);

/* Is it signed by the authority that it names?  That the authority is one of ours the caller has checked.
 * 0 or -EACCES with the reason. */
int cert_verify(const struct cert *c, struct err *e);
/* A user's, in its time (seconds), and for this very name?  A certificate without principals is for nobody.
 * 0 or -EACCES with the reason. */
int cert_check(const struct cert *c, const char *name, uint64_t now, struct err *e);

/* What it permits.  Slices point into the certificate. */
struct cert_terms {
	bool forced;                                   /* force_command is the only command */
	struct slice force_command;
	unsigned networks_n;                           /* 0: from anywhere */
	struct net_prefix networks[CERT_NETWORKS_MAX];
	bool pty, port_forwarding, agent_forwarding, x11_forwarding, user_rc;
};

/* -EACCES with the reason: a critical option that is unknown, given twice, malformed, or cannot be checked here. */
int cert_terms(const struct cert *c, struct cert_terms *ret, struct err *e);
bool cert_terms_admit(const struct cert_terms *t, struct slice address);

#endif
