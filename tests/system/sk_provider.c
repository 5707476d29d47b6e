/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A security key made of software, for tests alone: what ssh-keygen and ssh load by
 * SSH_SK_PROVIDER (OpenSSH's PROTOCOL.u2f, the interface of its sk-api.h, version 10).  Ed25519
 * only; the key handle is the private key itself, so nothing is kept.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/sha.h>

#define API_VERSION 0x000a0000u
#define ALG_ED25519 0x01u
#define ERR_GENERAL (-1)
#define ERR_UNSUPPORTED (-2)
#define TOUCHED     0x01u

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
	unsigned char public[32], private[32];
	size_t n = 32, m = 32;
	struct enroll_answer *a = calloc(1, sizeof(*a));
	EVP_PKEY *key = alg == ALG_ED25519 ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519") : NULL;

	(void)challenge, (void)challenge_len, (void)application, (void)pin, (void)options;
	if (a == NULL || key == NULL || EVP_PKEY_get_raw_public_key(key, public, &n) != 1 ||
	    EVP_PKEY_get_raw_private_key(key, private, &m) != 1) {
		free(a);
		EVP_PKEY_free(key);
		return alg == ALG_ED25519 ? ERR_GENERAL : ERR_UNSUPPORTED;
	}
	EVP_PKEY_free(key);
	a->flags = flags;
	a->public_key = copy(public, a->public_key_len = n);
	a->key_handle = copy(private, a->key_handle_len = m);
	a->signature = copy("none", a->signature_len = 4);
	a->authdata = copy("none", a->authdata_len = 4);
	*ret = a;
	return 0;
}

/* What is signed: SHA256(application) | flags | counter | SHA256(message). */
int
sk_sign(uint32_t alg, const uint8_t *data, size_t data_len, const char *application, const uint8_t *handle,
    size_t handle_len, uint8_t flags, const char *pin, struct sk_option **options, struct sign_answer **ret)
{
	unsigned char message[32 + 1 + 4 + 32], signature[64];
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, handle, handle_len);
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	struct sign_answer *a = calloc(1, sizeof(*a));
	size_t n = sizeof(signature);
	int r = ERR_GENERAL;

	(void)pin, (void)options;
	if (a == NULL || key == NULL || md == NULL || alg != ALG_ED25519)
		goto out;
	a->flags = flags | TOUCHED;
	a->counter = 7;
	SHA256((const unsigned char *)application, strlen(application), message);
	message[32] = a->flags;
	memcpy(message + 33, "\0\0\0\7", 4);
	SHA256(data, data_len, message + 37);
	if (EVP_DigestSignInit(md, NULL, NULL, NULL, key) != 1 ||
	    EVP_DigestSign(md, signature, &n, message, sizeof(message)) != 1)
		goto out;
	a->sig_r = copy(signature, a->sig_r_len = n);
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
