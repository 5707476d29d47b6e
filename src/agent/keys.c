/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Keys are compared as whole blobs: what the file says is what the wire must say. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/keys.h"
#include "base/be.h"
#include "base/fd.h"
#include "base/text.h"
#include "base/words.h"
#include "cert/cert.h"
#include "cert/signature.h"

#define FILE_BYTES_MAX 65536
#define KEY_BYTES_MAX  16384
#define LINES_MAX      64

struct line {
	bool authority;
	struct buf blob;
};

struct authorized {
	struct line lines[LINES_MAX];
	size_t n;
};

static int
hostkey_make(const char *path, struct err *e)
{
	char temp[4096];
	ssh_key key = NULL;
	mode_t old;
	int rc, n;

	n = snprintf(temp, sizeof temp, "%s.%d.new", path, (int)getpid());
	if (n < 0 || (size_t)n >= sizeof temp)
		return err_set(e, -ENAMETOOLONG, "%s: name too long", path);
	if (ssh_pki_generate(SSH_KEYTYPE_ED25519, 0, &key) != SSH_OK)
		return err_set(e, -EIO, "cannot make a host key");
	old = umask(077);
	rc = ssh_pki_export_privkey_file(key, NULL, NULL, NULL, temp) == SSH_OK ? 0 : -EIO;
	(void)umask(old);
	ssh_key_free(key);
	/* link, not rename: a key that another start made meanwhile must win. */
	if (rc == 0 && link(temp, path) < 0 && errno != EEXIST)
		rc = -errno;
	(void)unlink(temp);
	return rc < 0 ? err_set(e, rc, "%s: cannot write the host key: %s", path, strerror(-rc)) : 0;
}

int
hostkey_load(const char *path, ssh_key *ret, struct err *e)
{
	struct stat st;
	ssh_key key = NULL;
	int rc;

	if (stat(path, &st) < 0 && errno == ENOENT && (rc = hostkey_make(path, e)) < 0)
		return rc;
	if (stat(path, &st) < 0)
		return err_set(e, -errno, "%s: %s", path, strerror(errno));
	if ((st.st_mode & 077) != 0)
		return err_set(e, -EACCES, "%s: others may read this private key; chmod 600 it", path);
	if (ssh_pki_import_privkey_file(path, NULL, NULL, NULL, &key) != SSH_OK)
		return err_set(e, -EINVAL, "%s: not a private key without passphrase", path);
	if (ssh_key_type(key) != SSH_KEYTYPE_ED25519) {
		ssh_key_free(key);
		return err_set(e, -EINVAL, "%s: not an ed25519 key", path);
	}
	*ret = key;
	return 0;
}

int
hostkey_print(ssh_key key, struct buf *out)
{
	char *text = NULL;
	int rc;

	buf_clear(out);
	if (ssh_pki_export_pubkey_base64(key, &text) != SSH_OK)
		return -EIO;
	rc = buf_printf(out, "ssh-ed25519 %s", text);
	ssh_string_free_char(text);
	return rc;
}

static bool
type_is_admitted(struct slice type)
{
	static const char *const names[] = { "ssh-ed25519", "ecdsa-sha2-nistp256",
		"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (slice_is(type, names[i]))
			return true;
	return false;
}

static int
parse_line(struct authorized *a, struct slice s, struct err *e)
{
	struct slice word = words_next(&s), type = word, inner, blob;
	struct line *line;
	bool authority;

	if (word.n == 0 || word.p[0] == '#')
		return 0;
	if (a->n == LINES_MAX)
		return err_set(e, -E2BIG, "more than %d keys", LINES_MAX);
	authority = slice_is(word, "cert-authority");
	if (authority)
		type = words_next(&s);
	if (!type_is_admitted(type))
		return err_set(e, -EINVAL, "neither a key type nor cert-authority and a key type");
	line = &a->lines[a->n];
	buf_init(&line->blob, KEY_BYTES_MAX);
	if (text_unbase64(&line->blob, words_next(&s)) < 0) {
		buf_done(&line->blob);
		return err_set(e, -EINVAL, "the key is not base64");
	}
	line->authority = authority;
	a->n++;
	blob = buf_slice(&line->blob);
	if (!be_take_string(&blob, &inner) || !slice_eq(inner, type))
		return err_set(e, -EINVAL, "the key is not of the type that the line says");
	if (authority && !signature_key_is_usable(buf_slice(&line->blob)))
		return err_set(e, -EINVAL, "the authority's key is malformed, or RSA of less than 2048 bits");
	return 0;
}

int
authorized_load(const char *path, struct authorized **ret, struct err *e)
{
	struct authorized *a = calloc(1, sizeof *a);
	struct slice rest, line;
	struct buf text;
	int rc;

	buf_init(&text, 2 * FILE_BYTES_MAX);
	rc = a == NULL ? err_set(e, -ENOMEM, "out of memory")
	    : fd_read_file(path, FILE_BYTES_MAX, &text, e);
	rest = buf_slice(&text);
	for (int number = 1; rc == 0 && take_part(&rest, '\n', &line); number++) {
		rc = parse_line(a, line, e);
		if (rc < 0)
			(void)err_prefix(e, "%s:%d", path, number);
	}
	if (rc == 0 && a->n == 0)
		rc = err_set(e, -EINVAL, "%s: no key in it: nobody could connect", path);
	buf_done(&text);
	if (rc < 0)
		authorized_free(a);
	else
		*ret = a;
	return rc;
}

void
authorized_free(struct authorized *a)
{
	if (a == NULL)
		return;
	for (size_t i = 0; i < a->n; i++)
		buf_done(&a->lines[i].blob);
	free(a);
}

static bool
has_key(const struct authorized *a, bool authority, struct slice blob)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->lines[i].authority == authority &&
		    slice_eq(buf_slice(&a->lines[i].blob), blob))
			return true;
	return false;
}

/* Its authority signed for one login of one host: what would restrict it further is not for the agent to judge. */
static int
check_cert(const struct authorized *a, struct slice blob, const char *login, uint64_t now,
    struct grant *ret, struct err *e)
{
	struct cert_terms terms;
	struct cert c;
	char id[64];
	int rc;

	if (cert_parse(blob, &c) < 0)
		return err_set(e, -EACCES, "key is not admitted");
	if (!has_key(a, true, c.ca))
		return err_set(e, -EACCES, "certificate of an authority that is not admitted");
	if (c.critical.n != 0)
		return err_set(e, -EACCES, "certificate has critical options, none is known here");
	rc = cert_verify(&c, e);
	if (rc == 0)
		rc = cert_check(&c, login, now, e);
	if (rc == 0)
		rc = cert_terms(&c, &terms, e);
	(void)text_escaped(c.key_id, id, sizeof id);
	if (rc < 0)
		return err_prefix(e, "certificate %s", id);
	ret->pty = terms.pty;
	ret->forward = terms.port_forwarding;
	ret->agent = terms.agent_forwarding;
	(void)snprintf(ret->name, sizeof ret->name, "certificate %s serial %llu", id, (unsigned long long)c.serial);
	return 0;
}

static void
name_key(ssh_key key, struct grant *g)
{
	unsigned char *hash = NULL;
	size_t n = 0;
	char *print = NULL;

	if (ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &n) == 0)
		print = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, n);
	(void)snprintf(g->name, sizeof g->name, "key %s", print != NULL ? print : "?");
	ssh_string_free_char(print);
	ssh_clean_pubkey_hash(&hash);
}

int
authorized_check(const struct authorized *a, ssh_key key, const char *login, uint64_t now,
    struct grant *ret, struct err *e)
{
	struct grant grant = { .pty = true, .forward = true, .agent = true };
	char *text = NULL;
	struct buf blob;
	int rc = 0;

	buf_init(&blob, KEY_BYTES_MAX);
	if (ssh_pki_export_pubkey_base64(key, &text) != SSH_OK ||
	    text_unbase64(&blob, slice_from(text)) < 0)
		rc = err_set(e, -EACCES, "key cannot be read");
	else if (has_key(a, false, buf_slice(&blob)))
		name_key(key, &grant);
	else
		rc = check_cert(a, buf_slice(&blob), login, now, &grant, e);
	ssh_string_free_char(text);
	buf_done(&blob);
	if (rc == 0)
		*ret = grant;
	return rc;
}
