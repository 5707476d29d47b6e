/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The signature is HMAC-SHA256 with the sink's key over "ID.SECONDS.BODY", in base64 behind "v1,"; the time is that of the try.
 * No redirect is followed, and nothing of an answer is kept but its status.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include <curl/curl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/text.h"
#include "notify/send.h"

enum { CONNECT_S = 5, ANSWER_S = 10, BODY_MAX = 65536, LINE_MAX_BYTES = 2000 };

int
send_init(void)
{
	return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? 0 : -EIO;
}

static int
body_make(const struct notice *n, struct buf *b)
{
	char at[32];
	int r = buf_printf(b, "{\"type\":\"fortress.decision\",\"timestamp\":\"%s\",\"data\":", clock_print(n->at, at, sizeof(at)));

	if (r == 0)
		r = buf_slice_append(b, buf_slice(&n->data));
	return r == 0 ? buf_text(b, "}") : r;
}

static int
sign(const struct sink *s, const char *id, long long now_s, struct slice body, struct buf *ret)
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	struct buf all;
	int r;

	buf_init(&all, BODY_MAX + 256);
	r = buf_printf(&all, "%s.%lld.", id, now_s);
	if (r == 0)
		r = buf_slice_append(&all, body);
	if (r == 0 && HMAC(EVP_sha256(), s->key.p, (int)s->key.n, all.p, all.len, mac, &len) == NULL)
		r = -EIO;
	if (r == 0)
		r = text_base64(ret, slice_of(mac, len));
	buf_done(&all);
	return r;
}

static size_t
drop(char *p, size_t size, size_t n, void *arg)
{
	(void)p, (void)arg;
	return size * n;
}

static int
post(const struct sink *s, const struct notice *n, struct slice body, const char *signature, long long now_s, char *why, size_t size)
{
	CURL *c = curl_easy_init();
	struct curl_slist *heads = NULL;
	char line[256], error[CURL_ERROR_SIZE] = "";
	long status = 0;
	CURLcode code;

	heads = curl_slist_append(heads, "Content-Type: application/json");
	snprintf(line, sizeof(line), "webhook-id: %s", n->id);
	heads = curl_slist_append(heads, line);
	snprintf(line, sizeof(line), "webhook-timestamp: %lld", now_s);
	heads = curl_slist_append(heads, line);
	snprintf(line, sizeof(line), "webhook-signature: v1,%s", signature);
	heads = curl_slist_append(heads, line);
	curl_easy_setopt(c, CURLOPT_URL, s->to);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, heads);
	curl_easy_setopt(c, CURLOPT_POSTFIELDS, (const char *)body.p);
	curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, (long)body.n);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, drop);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, error);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
	curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)ANSWER_S);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "fortress");
	code = c != NULL ? curl_easy_perform(c) : CURLE_OUT_OF_MEMORY;
	if (code == CURLE_OK)
		curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	curl_slist_free_all(heads);
	curl_easy_cleanup(c);
	if (code != CURLE_OK)
		snprintf(why, size, "%s", error[0] != '\0' ? error : curl_easy_strerror(code));
	else if (status < 200 || status > 299)
		snprintf(why, size, "it answers %ld", status);
	else
		return 0;
	return -EIO;
}

static int
webhook(const struct sink *s, const struct notice *n, char *why, size_t size)
{
	long long now_s = clock_wall().us / 1000000;
	struct buf body, signature;
	int r;

	buf_init(&body, BODY_MAX);
	buf_init(&signature, 256);
	r = body_make(n, &body);
	if (r == 0)
		r = sign(s, n->id, now_s, buf_slice(&body), &signature);
	if (r == 0)
		r = post(s, n, buf_slice(&body), buf_cstr(&signature), now_s, why, size);
	else
		snprintf(why, size, "it cannot be made: %s", strerror(-r));
	buf_done(&body);
	buf_done(&signature);
	return r;
}

static int
datagram(const struct sink *s, const struct notice *n, char *why, size_t size)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	char line[LINE_MAX_BYTES], text[LINE_MAX_BYTES - 64];
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), len, r = 0;

	len = snprintf(line, sizeof(line), "<%d>fortress: %s: %s", LOG_AUTHPRIV | LOG_ALERT, s->name,
	    text_cleaned(buf_slice(&n->text), text, sizeof(text)));
	if (slice_copy(slice_from(s->to), to.sun_path, sizeof(to.sun_path)) != 0)
		r = -ENAMETOOLONG;
	else if (fd < 0 || sendto(fd, line, (size_t)len, 0, (const struct sockaddr *)&to, sizeof(to)) != len)
		r = -errno;
	if (fd >= 0)
		close(fd);
	if (r != 0)
		snprintf(why, size, "%s: %s", s->to, strerror(-r));
	return r;
}

int
send_notice(const struct sink *s, const struct notice *n, char *why, size_t size)
{
	return s->kind == SINK_SYSLOG ? datagram(s, n, why, size) : webhook(s, n, why, size);
}
