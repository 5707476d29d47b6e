/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Files: PKCS #8 in PEM by libcrypto.  Blobs: RFC 8709 for Ed25519, PROTOCOL.certkeys of OpenSSH
 * for certificates.  A signature is made only over what keys_check_request lets pass; the caller asks it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/be.h"
#include "base/fd.h"
#include "base/secret.h"
#include "base/text.h"
#include "gate/keys.h"

#define ED25519      "ssh-ed25519"
#define CERT         "ssh-ed25519-cert-v01@openssh.com"
#define USERAUTH     50                /* SSH_MSG_USERAUTH_REQUEST */
#define BACKDATE_S   60                /* clocks of targets may be a little behind */

enum { PUBLIC_N = 32, SIGNATURE_N = 64, BLOB_MAX = 256 };

struct key {
	EVP_PKEY *pkey;
	unsigned char public[PUBLIC_N];
	struct buf blob;
};

struct keys { struct key target, ca; };

static int
key_read(const char *path, EVP_PKEY **ret, struct err *e)
{
	struct stat st;
	FILE *f = fopen(path, "re");

	if (f == NULL)
		return err_set(e, -errno, "%s: %s", path, strerror(errno));
	if (fstat(fileno(f), &st) != 0 || (st.st_mode & 077) != 0) {
		fclose(f);
		return err_set(e, -EPERM, "%s: other people may read it: chmod 600 it", path);
	}
	*ret = PEM_read_PrivateKey(f, NULL, NULL, NULL);
	fclose(f);
	if (*ret == NULL || EVP_PKEY_get_base_id(*ret) != EVP_PKEY_ED25519) {
		EVP_PKEY_free(*ret);
		*ret = NULL;
		return err_set(e, -EBADMSG, "%s: not an Ed25519 private key in PEM", path);
	}
	return 0;
}

static int
key_make(const char *path, EVP_PKEY **ret, struct err *e)
{
	EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	BIO *bio = BIO_new(BIO_s_mem());
	char *p = NULL;
	int r;

	if (pkey == NULL || bio == NULL || PEM_write_bio_PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL) != 1) {
		r = err_set(e, -EIO, "%s: cannot make a key", path);
	} else {
		size_t n = (size_t)BIO_get_mem_data(bio, &p);

		r = fd_write_file(path, p, n, 0600, e);
		secret_wipe(p, n);
	}
	BIO_free(bio);
	if (r == 0)
		*ret = pkey;
	else
		EVP_PKEY_free(pkey);
	return r;
}

static int
public_write(const char *path, const struct key *k, const char *comment, struct err *e)
{
	char name[4200];
	struct buf line;
	int r;

	snprintf(name, sizeof(name), "%s.pub", path);
	if (access(name, F_OK) == 0)
		return 0;
	buf_init(&line, 1024);
	r = buf_text(&line, ED25519 " ");
	if (r == 0)
		r = text_base64(&line, buf_slice(&k->blob));
	if (r == 0)
		r = buf_printf(&line, " %s\n", comment);
	if (r == 0)
		r = fd_write_file(name, line.p, line.len, 0644, e);
	buf_done(&line);
	return r;
}

static int
key_open(struct key *k, const char *dir, const char *file, const char *comment, struct err *e)
{
	char path[4096];
	size_t n = PUBLIC_N;
	int r;

	if ((size_t)snprintf(path, sizeof(path), "%s/keys/%s", dir, file) >= sizeof(path))
		return err_set(e, -ENAMETOOLONG, "%s: too long", dir);
	r = access(path, F_OK) == 0 ? key_read(path, &k->pkey, e) : key_make(path, &k->pkey, e);
	if (r != 0)
		return r;
	buf_init(&k->blob, BLOB_MAX);
	if (EVP_PKEY_get_raw_public_key(k->pkey, k->public, &n) != 1 || n != PUBLIC_N)
		return err_set(e, -EIO, "%s: has no public part", path);
	r = be_put_text(&k->blob, ED25519);
	if (r == 0)
		r = be_put_string(&k->blob, slice_of(k->public, PUBLIC_N));
	return r == 0 ? public_write(path, k, comment, e) : err_set(e, r, "out of memory");
}

struct keys *
keys_open(const char *state_dir, struct err *e)
{
	struct keys *k = calloc(1, sizeof(*k));
	char dir[4096];

	if (k == NULL || (size_t)snprintf(dir, sizeof(dir), "%s/keys", state_dir) >= sizeof(dir)) {
		free(k);
		(void)err_set(e, -ENOMEM, "out of memory");
		return NULL;
	}
	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		(void)err_set(e, -errno, "%s: %s", dir, strerror(errno));
	else if (key_open(&k->target, state_dir, "target_ed25519", "fortress-target", e) == 0 &&
	    key_open(&k->ca, state_dir, "ca_ed25519", "fortress-user-ca", e) == 0)
		return k;
	keys_close(k);
	return NULL;
}

static void
key_done(struct key *k)
{
	EVP_PKEY_free(k->pkey);
	buf_done(&k->blob);
}

void
keys_close(struct keys *k)
{
	if (k == NULL)
		return;
	key_done(&k->target);
	key_done(&k->ca);
	free(k);
}

struct slice
keys_target_blob(const struct keys *k)
{
	return buf_slice(&k->target.blob);
}

static int
key_sign(const struct key *k, struct slice data, struct buf *out)
{
	unsigned char signature[SIGNATURE_N];
	size_t n = sizeof(signature);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int r = -EIO;

	if (ctx != NULL && EVP_DigestSignInit(ctx, NULL, NULL, NULL, k->pkey) == 1 &&
	    EVP_DigestSign(ctx, signature, &n, data.p, data.n) == 1)
		r = be_put_text(out, ED25519);
	if (r == 0)
		r = be_put_string(out, slice_of(signature, n));
	EVP_MD_CTX_free(ctx);
	return r;
}

int
keys_sign(const struct keys *k, struct slice data, struct buf *out)
{
	return key_sign(&k->target, data, out);
}

/* Names with nothing in them, in the order that OpenSSH demands.  All of them: it is the policy that decides what is done with
 * the connection, and it decides for each thing by itself. */
static int
put_extensions(struct buf *b)
{
	static const char *const names[] = { "permit-X11-forwarding", "permit-agent-forwarding", "permit-port-forwarding",
		"permit-pty", "permit-user-rc" };
	struct buf list;
	int r = 0;

	buf_init(&list, 256);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && r == 0; i++) {
		r = be_put_text(&list, names[i]);
		if (r == 0)
			r = be_put_text(&list, "");
	}
	if (r == 0)
		r = be_put_string(b, buf_slice(&list));
	buf_done(&list);
	return r;
}

static int
put_principals(struct buf *b, const char *login)
{
	struct buf list;
	int r;

	buf_init(&list, 512);
	r = be_put_text(&list, login);
	if (r == 0)
		r = be_put_string(b, buf_slice(&list));
	buf_done(&list);
	return r;
}

static int
put_certificate(const struct keys *k, const char *login, const char *key_id, uint64_t serial, uint64_t from_s,
    uint64_t until_s, struct buf *b)
{
	unsigned char nonce[32];
	int r = secret_random(nonce, sizeof(nonce));

	if (r != 0)
		return r;
	if ((r = be_put_text(b, CERT)) != 0 ||
	    (r = be_put_string(b, slice_of(nonce, sizeof(nonce)))) != 0 ||
	    (r = be_put_string(b, slice_of(k->target.public, PUBLIC_N))) != 0 ||
	    (r = be_put_u64(b, serial)) != 0 ||
	    (r = be_put_u32(b, 1)) != 0 ||                 /* a user's certificate */
	    (r = be_put_text(b, key_id)) != 0 ||
	    (r = put_principals(b, login)) != 0 ||
	    (r = be_put_u64(b, from_s)) != 0 ||
	    (r = be_put_u64(b, until_s)) != 0 ||
	    (r = be_put_text(b, "")) != 0 ||               /* critical options */
	    (r = put_extensions(b)) != 0 ||
	    (r = be_put_text(b, "")) != 0)                 /* reserved */
		return r;
	return be_put_string(b, buf_slice(&k->ca.blob));
}

int
keys_certify(const struct keys *k, const char *login, const char *key_id, uint64_t serial, wall_t now,
    unsigned lifetime_s, struct buf *out)
{
	uint64_t now_s = (uint64_t)(now.us / 1000000);
	struct buf signature;
	int r;

	buf_init(&signature, BLOB_MAX);
	r = put_certificate(k, login, key_id, serial, now_s - BACKDATE_S, now_s + lifetime_s, out);
	if (r == 0)
		r = key_sign(&k->ca, buf_slice(out), &signature);
	if (r == 0)
		r = be_put_string(out, buf_slice(&signature));
	buf_done(&signature);
	return r;
}

int
keys_check_request(struct slice data, const char *login, struct slice blob, struct err *e)
{
	struct slice id, user, service, method, alg, key;
	uint8_t type = 0, has_signature = 0;

	if (!be_take_string(&data, &id) || id.n < 16 || id.n > 64 || !take_u8(&data, &type) || type != USERAUTH)
		return err_set(e, -EPERM, "not a userauth request");
	if (!be_take_string(&data, &user) || !be_take_string(&data, &service) || !be_take_string(&data, &method))
		return err_set(e, -EPERM, "a userauth request that ends early");
	if (!slice_is(user, login))
		return err_set(e, -EPERM, "for the login \"%.*s\", but \"%s\" was granted",
		    (int)(user.n < 64 ? user.n : 64), (const char *)user.p, login);
	if (!slice_is(service, "ssh-connection") || !slice_is(method, "publickey"))
		return err_set(e, -EPERM, "not for ssh-connection by publickey");
	if (!take_u8(&data, &has_signature) || has_signature != 1 || !be_take_string(&data, &alg) ||
	    !be_take_string(&data, &key) || data.n != 0)
		return err_set(e, -EPERM, "a userauth request of another form");
	if ((!slice_is(alg, ED25519) && !slice_is(alg, CERT)) || !slice_eq(key, blob))
		return err_set(e, -EPERM, "with another key");
	return 0;
}
