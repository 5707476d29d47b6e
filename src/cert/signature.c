/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A key's type chooses how its blob becomes a key of libcrypto; the signature's type chooses the digest, and must
 * belong to the key's.  What a security key signs is not the data: SHA-256 of its application's name, a byte of flags,
 * a counter, and SHA-256 of the data.
 */
#include <stdio.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

#include "base/be.h"
#include "cert/signature.h"

enum { ED25519_KEY = 32, ED25519_SIGNATURE = 64, RSA_BITS_MIN = 2048, RSA_BITS_MAX = 16384, POINT_MAX = 200, DER_MAX = 200 };

/* Takes the fields behind the type. */
typedef EVP_PKEY *key_fn(struct slice *fields, const char *curve);

static EVP_PKEY *
key_ed25519(struct slice *fields, const char *curve)
{
	struct slice key;

	(void)curve;
	if (!be_take_string(fields, &key) || key.n != ED25519_KEY)
		return NULL;
	return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key.p, key.n);
}

static EVP_PKEY *
key_from(const char *kind, OSSL_PARAM *params)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, kind, NULL);
	EVP_PKEY *key = NULL;

	if (ctx == NULL || params == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* fromdata checks that the point lies on the curve. */
static EVP_PKEY *
key_ecdsa(struct slice *fields, const char *curve)
{
	char group[8];
	unsigned char bytes[POINT_MAX];
	struct slice name, point;
	OSSL_PARAM params[3];

	if (!be_take_string(fields, &name) || !slice_is(name, curve) || !be_take_string(fields, &point) ||
	    point.n == 0 || point.n > sizeof(bytes) || point.p[0] != 4)
		return NULL;
	(void)snprintf(group, sizeof(group), "P-%s", curve + strlen("nistp"));
	memcpy(bytes, point.p, point.n);
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
	params[1] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, bytes, point.n);
	params[2] = OSSL_PARAM_construct_end();
	return key_from("EC", params);
}

/* A number of the wire that is not negative and not larger than any we have use for. */
static BIGNUM *
take_number(struct slice *s)
{
	struct slice b;

	if (!be_take_string(s, &b) || b.n == 0 || b.n > RSA_BITS_MAX / 8 + 1 || (b.p[0] & 0x80) != 0)
		return NULL;
	return BN_bin2bn(b.p, (int)b.n, NULL);
}

static EVP_PKEY *
key_rsa(struct slice *fields, const char *curve)
{
	BIGNUM *e = take_number(fields), *n = e != NULL ? take_number(fields) : NULL;
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	EVP_PKEY *key = NULL;

	(void)curve;
	if (n != NULL && build != NULL && BN_num_bits(n) >= RSA_BITS_MIN && BN_num_bits(e) <= 64 &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1 &&
	    (params = OSSL_PARAM_BLD_to_param(build)) != NULL)
		key = key_from("RSA", params);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	BN_free(e);
	BN_free(n);
	return key;
}

static const struct key_type {
	const char *name;
	key_fn *fn;
	const char *curve;
	bool sk;                               /* lives in a security key */
} key_types[] = {
	{ "ssh-ed25519", key_ed25519, NULL, false },
	{ "ecdsa-sha2-nistp256", key_ecdsa, "nistp256", false },
	{ "ecdsa-sha2-nistp384", key_ecdsa, "nistp384", false },
	{ "ecdsa-sha2-nistp521", key_ecdsa, "nistp521", false },
	{ "ssh-rsa", key_rsa, NULL, false },
	{ "sk-ssh-ed25519@openssh.com", key_ed25519, NULL, true },
	{ "sk-ecdsa-sha2-nistp256@openssh.com", key_ecdsa, "nistp256", true },
};

static const struct sig_type { const char *name, *key, *digest; bool ecdsa; } sig_types[] = {
	{ "ssh-ed25519", "ssh-ed25519", NULL, false },
	{ "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", "SHA256", true },
	{ "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384", "SHA384", true },
	{ "ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521", "SHA512", true },
	{ "rsa-sha2-256", "ssh-rsa", "SHA256", false },
	{ "rsa-sha2-512", "ssh-rsa", "SHA512", false },
	{ "sk-ssh-ed25519@openssh.com", "sk-ssh-ed25519@openssh.com", NULL, false },
	{ "sk-ecdsa-sha2-nistp256@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com", "SHA256", true },
};

static const struct key_type *
key_type_find(struct slice name)
{
	for (size_t i = 0; i < sizeof(key_types) / sizeof(key_types[0]); i++)
		if (slice_is(name, key_types[i].name))
			return &key_types[i];
	return NULL;
}

/* application: of a security key's, else empty. */
static EVP_PKEY *
key_parse(struct slice blob, const struct key_type **type, struct slice *application)
{
	struct slice name;
	EVP_PKEY *key = NULL;

	*application = slice_of(NULL, 0);
	*type = be_take_string(&blob, &name) ? key_type_find(name) : NULL;
	if (*type != NULL)
		key = (*type)->fn(&blob, (*type)->curve);
	if (key != NULL && (((*type)->sk && !be_take_string(&blob, application)) || blob.n != 0)) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	return key;
}

static const struct sig_type *
sig_type_find(struct slice name, const struct key_type *key)
{
	for (size_t i = 0; i < sizeof(sig_types) / sizeof(sig_types[0]); i++)
		if (slice_is(name, sig_types[i].name) && strcmp(sig_types[i].key, key->name) == 0)
			return &sig_types[i];
	return NULL;
}

/* Two numbers, as SSH writes them → the form that libcrypto checks.  Bytes of der, or 0. */
static int
der_from(struct slice bytes, unsigned char der[DER_MAX])
{
	BIGNUM *r = take_number(&bytes), *s = r != NULL ? take_number(&bytes) : NULL;
	ECDSA_SIG *sig = ECDSA_SIG_new();
	unsigned char *at = der;
	int n = 0;

	if (s != NULL && sig != NULL && bytes.n == 0 && ECDSA_SIG_set0(sig, r, s) == 1) {
		r = s = NULL;                          /* sig's from here on */
		n = i2d_ECDSA_SIG(sig, NULL);
		n = n > 0 && n <= DER_MAX ? i2d_ECDSA_SIG(sig, &at) : 0;
	}
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(sig);
	return n > 0 ? n : 0;
}

static bool
verify(EVP_PKEY *key, const struct sig_type *type, struct slice data, struct slice bytes)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char der[DER_MAX];
	bool good = true;

	if (type->ecdsa) {
		bytes = slice_of(der, (size_t)der_from(bytes, der));
		good = bytes.n > 0;
	} else if (type->digest == NULL) {
		good = bytes.n == ED25519_SIGNATURE;
	}
	good = good && ctx != NULL && EVP_DigestVerifyInit_ex(ctx, NULL, type->digest, NULL, NULL, key, NULL) == 1 &&
	    EVP_DigestVerify(ctx, bytes.p, bytes.n, data.p, data.n) == 1;
	EVP_MD_CTX_free(ctx);
	return good;
}

static bool
verify_sk(EVP_PKEY *key, const struct sig_type *type, struct slice application, struct slice data, struct slice bytes,
    struct slice tail)
{
	unsigned char message[2 * SHA256_DIGEST_LENGTH + 5];

	if (tail.n != 5)                               /* flags and counter */
		return false;
	(void)SHA256(application.p, application.n, message);
	memcpy(message + SHA256_DIGEST_LENGTH, tail.p, 5);
	(void)SHA256(data.p, data.n, message + SHA256_DIGEST_LENGTH + 5);
	return verify(key, type, slice_of(message, sizeof(message)), bytes);
}

bool
signature_is_good(struct slice key_blob, struct slice data, struct slice signature)
{
	struct slice application, name, bytes;
	const struct key_type *type;
	const struct sig_type *sig;
	EVP_PKEY *key = key_parse(key_blob, &type, &application);
	bool good = false;

	if (key != NULL && be_take_string(&signature, &name) && be_take_string(&signature, &bytes) &&
	    (sig = sig_type_find(name, type)) != NULL) {
		if (type->sk)
			good = verify_sk(key, sig, application, data, bytes, signature);
		else
			good = signature.n == 0 && verify(key, sig, data, bytes);
	}
	EVP_PKEY_free(key);
	return good;
}

bool
signature_key_is_usable(struct slice blob)
{
	struct slice application;
	const struct key_type *type;
	EVP_PKEY *key = key_parse(blob, &type, &application);

	EVP_PKEY_free(key);
	return key != NULL;
}
