/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A seal is u8 version | 12 bytes nonce | ciphertext | 16 bytes tag; the user's name is the
 * associated data, so that one user's seal is nobody else's.  liboath counts, libqrencode draws.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <liboath/oath.h>
#include <openssl/evp.h>
#include <qrencode.h>

#include "base/fd.h"
#include "base/secret.h"
#include "gate/factor.h"

#define SEAL_VERSION 1

enum { KEY_N = 32, NONCE_N = 12, TAG_N = 16, HEAD_N = 1 + NONCE_N, STEP_S = 30, WINDOW = 1, DIGITS = 6 };
enum { MARGIN = 2, GAP = 2, COLUMNS = 80 };      /* of what is drawn */

struct factor_key { struct secret key; };

static int
key_read(const char *path, struct factor_key *k, struct err *e)
{
	struct stat st;
	struct buf b;
	int r;

	if (stat(path, &st) != 0)
		return err_set(e, -errno, "%s: %s", path, strerror(errno));
	if ((st.st_mode & 077) != 0)
		return err_set(e, -EPERM, "%s: other people may read it: chmod 600 it", path);
	buf_init(&b, 4096);
	r = fd_read_file(path, KEY_N + 1, &b, e);
	if (r == 0 && b.len != KEY_N)
		r = err_set(e, -EBADMSG, "%s: a key of %d bytes belongs here", path, KEY_N);
	if (r == 0)
		memcpy(k->key.p, b.p, KEY_N);
	secret_wipe(b.p, b.len);
	buf_done(&b);
	return r;
}

struct factor_key *
factor_open(const char *state_dir, struct err *e)
{
	struct factor_key *k = calloc(1, sizeof(*k));
	char path[4096];
	int r = -ENAMETOOLONG;

	if (k == NULL || secret_init(&k->key, KEY_N) != 0) {
		(void)err_set(e, -ENOMEM, "out of memory");
		free(k);
		return NULL;
	}
	if ((size_t)snprintf(path, sizeof(path), "%s/keys/factor", state_dir) >= sizeof(path))
		(void)err_set(e, r, "%s: too long", state_dir);
	else if (access(path, F_OK) == 0)
		r = key_read(path, k, e);
	else if ((r = secret_random(k->key.p, KEY_N)) == 0)
		r = fd_write_file(path, k->key.p, KEY_N, 0600, e);
	if (r == 0)
		return k;
	factor_close(k);
	return NULL;
}

void
factor_close(struct factor_key *k)
{
	if (k != NULL)
		secret_done(&k->key);
	free(k);
}

/* in → out of the same length, with the tag made or compared. */
static bool
cipher(const struct factor_key *k, bool seal, const unsigned char *nonce, const char *user, const unsigned char *in,
    unsigned char *out, unsigned char tag[TAG_N])
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int n;
	bool good = c != NULL && EVP_CipherInit_ex(c, EVP_aes_256_gcm(), NULL, k->key.p, nonce, seal) == 1 &&
	    EVP_CipherUpdate(c, NULL, &n, (const unsigned char *)user, (int)strlen(user)) == 1 &&
	    EVP_CipherUpdate(c, out, &n, in, FACTOR_SECRET) == 1;

	if (good && !seal)
		good = EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, TAG_N, tag) == 1;
	good = good && EVP_CipherFinal_ex(c, out + FACTOR_SECRET, &n) == 1;
	if (good && seal)
		good = EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, TAG_N, tag) == 1;
	EVP_CIPHER_CTX_free(c);
	return good;
}

int
factor_new(const struct factor_key *k, const char *user, struct buf *sealed)
{
	unsigned char secret[FACTOR_SECRET], head[HEAD_N] = { SEAL_VERSION }, out[FACTOR_SECRET], tag[TAG_N];
	int r = secret_random(secret, sizeof(secret));

	if (r == 0)
		r = secret_random(head + 1, NONCE_N);
	if (r == 0 && !cipher(k, true, head + 1, user, secret, out, tag))
		r = -EIO;
	secret_wipe(secret, sizeof(secret));
	if (r == 0)
		r = buf_append(sealed, head, sizeof(head));
	if (r == 0)
		r = buf_append(sealed, out, sizeof(out));
	return r == 0 ? buf_append(sealed, tag, sizeof(tag)) : r;
}

static int
unseal(const struct factor_key *k, const char *user, struct slice s, unsigned char secret[FACTOR_SECRET])
{
	unsigned char tag[TAG_N];

	if (s.n != HEAD_N + FACTOR_SECRET + TAG_N || s.p[0] != SEAL_VERSION)
		return -EBADMSG;
	memcpy(tag, s.p + HEAD_N + FACTOR_SECRET, TAG_N);
	return cipher(k, false, s.p + 1, user, s.p + HEAD_N, secret, tag) ? 0 : -EBADMSG;
}

/* What of q is light at x, y, its quiet margin included. */
static bool
is_light(const QRcode *q, int x, int y)
{
	x -= MARGIN;
	y -= MARGIN;
	return x < 0 || x >= q->width || y < 0 || y >= q->width || (q->data[y * q->width + x] & 1) == 0;
}

/* One line: two modules in each character; drawn is what is light on a dark terminal, what is dark on a light one. */
static int
draw_line(struct buf *out, const QRcode *q, int y, bool light)
{
	static const char *const half[] = { " ", "▄", "▀", "█" };
	int side = q->width + 2 * MARGIN, r = 0;

	for (int x = 0; r == 0 && x < side; x++) {
		bool upper = is_light(q, x, y) == light, lower = y + 1 < side && is_light(q, x, y + 1) == light;

		r = buf_text(out, half[2 * upper + lower]);
	}
	return r;
}

static int
draw(struct buf *out, const QRcode *q)
{
	int side = q->width + 2 * MARGIN, r = 0;
	bool both = 2 * side + GAP < COLUMNS;

	for (int y = 0; r == 0 && y < side; y += 2) {
		r = draw_line(out, q, y, true);
		if (r == 0 && both)
			r = buf_printf(out, "%*s", GAP, "");
		if (r == 0 && both)
			r = draw_line(out, q, y, false);
		if (r == 0)
			r = buf_text(out, "\n");
	}
	return r;
}

static int
words(struct buf *out, const char *secret)
{
	int r = buf_text(out, "A second factor is needed here: scan a code with an authenticator app, or type\nthis key into it:");

	for (size_t i = 0; r == 0 && secret[i] != '\0'; i++)
		r = buf_printf(out, "%s%c", i % 4 == 0 ? " " : "", secret[i]);
	return r == 0 ? buf_text(out, "\n") : r;
}

int
factor_show(const struct factor_key *k, const char *user, struct slice sealed, struct buf *out)
{
	unsigned char secret[FACTOR_SECRET];
	char uri[256], *text = NULL;
	size_t n = 0;
	QRcode *q = NULL;
	int r = unseal(k, user, sealed, secret);

	if (r == 0 && oath_base32_encode((const char *)secret, sizeof(secret), &text, &n) != OATH_OK)
		r = -ENOMEM;
	secret_wipe(secret, sizeof(secret));
	if (r != 0)
		return r;
	/* As short as it can be, and packed letter by letter: each step in size is two lines of a terminal. */
	(void)snprintf(uri, sizeof(uri), "otpauth://totp/fortress:%s?secret=%s", user, text);
	q = QRcode_encodeString(uri, 0, QR_ECLEVEL_L, QR_MODE_8, 1);
	r = q != NULL ? draw(out, q) : -ENOMEM;
	if (r == 0)
		r = words(out, text);
	if (q != NULL) {
		secret_wipe(q->data, (size_t)q->width * (size_t)q->width);
		QRcode_free(q);
	}
	secret_wipe(uri, sizeof(uri));
	secret_wipe(text, n);
	free(text);
	return r;
}

int
factor_check(const struct factor_key *k, const char *user, struct slice sealed, struct slice code, wall_t now,
    uint64_t last_step, uint64_t *step)
{
	unsigned char secret[FACTOR_SECRET];
	char digits[DIGITS + 1];
	uint64_t counter = 0;
	int r;

	if (code.n != DIGITS || slice_copy(code, digits, sizeof(digits)) != 0 || strspn(digits, "0123456789") != DIGITS)
		return -EINVAL;
	r = unseal(k, user, sealed, secret);
	if (r != 0)
		return r;
	/* otp_pos is not asked for: counter says which step it was. */
	r = oath_totp_validate3((const char *)secret, sizeof(secret), (time_t)(now.us / 1000000), STEP_S, 0, WINDOW, NULL,
	    &counter, digits);
	secret_wipe(secret, sizeof(secret));
	if (r < 0)
		return -EACCES;
	if (counter <= last_step)
		return -EALREADY;
	*step = counter;
	return 0;
}
