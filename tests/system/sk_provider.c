/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A security key made of software, for tests alone: what ssh-keygen and ssh load by
 * SSH_SK_PROVIDER (OpenSSH's PROTOCOL.u2f, the interface of its sk-api.h, version 10).  The key handle is the private
 * key itself, so nothing is kept.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#define API_VERSION 0x000a0000u
#define ALG_ECDSA   0x00u
#define ALG_ED25519 0x01u
#define ERR_GENERAL (-1)
#define ERR_UNSUPPORTED (-2)
#define TOUCHED     0x01u
#define POINT       65                  /* of P-256, not compressed */

struct enroll_answer {
	uint8_t flags;
	uint8_t *public_key;
	size_t public_key_len;
	uint8_t *key_handle;
	size_t key_handle_len;
	uint8_t *signature;
	size_t signature_len;
	uint8_t *attestation_cert;
	size_t attestation_cert_len;
	uint8_t *authdata;
	size_t authdata_len;
};

struct sign_answer {
	uint8_t flags;
	uint32_t counter;
	uint8_t *sig_r;
	size_t sig_r_len;
	uint8_t *sig_s;
	size_t sig_s_len;
};

struct sk_option { char *name, *value; uint8_t required; };
struct sk_resident_key;

uint32_t sk_api_version(void);
int sk_enroll(uint32_t alg, const uint8_t *challenge, size_t challenge_len, const char *application, uint8_t flags,
    const char *pin, struct sk_option **options, struct enroll_answer **ret);
int sk_sign(uint32_t alg, const uint8_t *data, size_t data_len, const char *application, const uint8_t *handle,
    size_t handle_len, uint8_t flags, const char *pin, struct sk_option **options, struct sign_answer **ret);
int sk_load_resident_keys(const char *pin, struct sk_option **options, struct sk_resident_key ***ret, size_t *n);

uint32_t
sk_api_version(void)
{
	return API_VERSION;
}

static uint8_t *
copy(const void *p, size_t n)
{
	uint8_t *out = malloc(n);

	if (out != NULL)
		memcpy(out, p, n);
	return out;
}

int
sk_enroll(uint32_t alg, const uint8_t *challenge, size_t challenge_len, const char *application, uint8_t flags,
    const char *pin, struct sk_option **options, struct enroll_answer **ret)
{
	unsigned char public[POINT], *private = NULL;
	size_t n = sizeof(public);
	struct enroll_answer *a = calloc(1, sizeof(*a));
	EVP_PKEY *key = alg == ALG_ED25519 ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519") :
	    alg == ALG_ECDSA ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256") : NULL;
	int good, m = 0;

	(void)challenge, (void)challenge_len, (void)application, (void)pin, (void)options;
	good = a != NULL && key != NULL && (m = i2d_PrivateKey(key, &private)) > 0 &&
	    (alg == ALG_ED25519 ? EVP_PKEY_get_raw_public_key(key, public, &n) :
	    EVP_PKEY_get_octet_string_param(key, "pub", public, sizeof(public), &n)) == 1;
	EVP_PKEY_free(key);
	if (!good) {
		free(a);
		return alg > ALG_ED25519 ? ERR_UNSUPPORTED : ERR_GENERAL;
	}
	a->flags = flags;
	a->public_key = copy(public, a->public_key_len = n);
	a->key_handle = copy(private, a->key_handle_len = (size_t)m);
	OPENSSL_free(private);
	a->signature = copy("none", a->signature_len = 4);
	a->authdata = copy("none", a->authdata_len = 4);
	*ret = a;
	return 0;
}

/* The two numbers of an ECDSA signature. */
static int
numbers_put(struct sign_answer *a, const unsigned char *der, size_t n)
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)n);
	unsigned char r[32], s[32];
	int good = sig != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(sig), r, 32) == 32 && BN_bn2binpad(ECDSA_SIG_get0_s(sig), s, 32) == 32;

	if (good) {
		a->sig_r = copy(r, a->sig_r_len = 32);
		a->sig_s = copy(s, a->sig_s_len = 32);
	}
	ECDSA_SIG_free(sig);
	return good;
}

/* What is signed: SHA256(application) | flags | counter | SHA256(message). */
int
sk_sign(uint32_t alg, const uint8_t *data, size_t data_len, const char *application, const uint8_t *handle,
    size_t handle_len, uint8_t flags, const char *pin, struct sk_option **options, struct sign_answer **ret)
{
	unsigned char message[32 + 1 + 4 + 32], signature[80];
	const unsigned char *at = handle;
	EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &at, (long)handle_len);
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	struct sign_answer *a = calloc(1, sizeof(*a));
	size_t n = sizeof(signature);
	int r = ERR_GENERAL;

	(void)pin, (void)options;
	if (a == NULL || key == NULL || md == NULL || alg > ALG_ED25519)
		goto out;
	a->flags = flags | TOUCHED;
	a->counter = 7;
	SHA256((const unsigned char *)application, strlen(application), message);
	message[32] = a->flags;
	memcpy(message + 33, "\0\0\0\7", 4);
	SHA256(data, data_len, message + 37);
	if (EVP_DigestSignInit(md, NULL, alg == ALG_ECDSA ? EVP_sha256() : NULL, NULL, key) != 1 ||
	    EVP_DigestSign(md, signature, &n, message, sizeof(message)) != 1)
		goto out;
	if (alg == ALG_ED25519)
		a->sig_r = copy(signature, a->sig_r_len = n);
	else if (!numbers_put(a, signature, n))
		goto out;
	*ret = a;
	a = NULL;
	r = 0;
out:
	free(a);
	EVP_MD_CTX_free(md);
	EVP_PKEY_free(key);
	return r;
}

int
sk_load_resident_keys(const char *pin, struct sk_option **options, struct sk_resident_key ***ret, size_t *n)
{
	(void)pin, (void)options, (void)ret, (void)n;
	return ERR_UNSUPPORTED;
}
