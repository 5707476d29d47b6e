/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Each form carries the event's id, by which a reader goes on where it stopped (--after).
 *
 *   RFC 5424   one line of syslog, facility 13 (log audit); what is known stands in the structured data "fortress@32473" (the number
 *              that RFC 5612 keeps for examples: Fortress has none of its own), the sentence behind it.
 *   CEF        version 0; ids of classes and activities are OCSF's, "3002:1".
 *   OCSF       JSON of version 1.3: class, category, activity and type; what that has no place for is in "unmapped".
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "ctl/siem.h"
#include "msg/ocsf.h"

#define FACILITY_AUDIT 13
#define ACTIVITIES 12

struct class {
	unsigned uid;
	const char *name, *ocsf, *category;
	struct { unsigned id; const char *name; } activity[ACTIVITIES];      /* those that there are; 99 is named by what we do */
};

static const struct class classes[] = {
	{ OCSF_LOGIN, "login", "Authentication", "Identity & Access Management", { { 1, "Logon" }, { 2, "Logoff" }, { 99, "Refuse" } } },
	{ OCSF_DECISION, "decision", "Authorize Session", "Identity & Access Management", { { 1, "Assign Privileges" }, { 99, "Refuse" } } },
	{ OCSF_SSH, "session", "SSH Activity", "Network Activity", { { 1, "Open" }, { 2, "Close" }, { 3, "Reset" }, { 4, "Fail" }, { 5, "Refuse" },
	    { 6, "Traffic" }, { 7, "Listen" }, { 99, "Control" } } },
	{ OCSF_FILE, "file", "File System Activity", "System Activity", { { 1, "Create" }, { 2, "Read" }, { 3, "Update" }, { 4, "Delete" },
	    { 5, "Rename" }, { 6, "Set Attributes" }, { 99, "Other" } } },
	{ OCSF_ADMIN, "admin", "Entity Management", "Identity & Access Management", { { 1, "Create" }, { 2, "Read" }, { 3, "Update" }, { 4, "Delete" } } },
	{ OCSF_ACCOUNT, "account", "Account Change", "Identity & Access Management", { { 1, "Create" }, { 6, "Delete" } } },
	{ OCSF_READING, "reading", "Event Log Activity", "System Activity", { { 3, "Export" }, { 99, "Read" } } },
	{ OCSF_SERVICE, "service", "Application Lifecycle", "Application Activity", { { 3, "Start" }, { 4, "Stop" }, { 99, "Fault" } } },
};
enum { CLASSES = sizeof(classes) / sizeof(classes[0]) };

/* Informational, low, medium, high, critical, fatal: as OCSF counts them. */
static const struct { const char *name; unsigned syslog, cef; } severities[] = {
	{ "Unknown", 5, 0 }, { "Informational", 6, 1 }, { "Low", 5, 3 }, { "Medium", 4, 5 }, { "High", 3, 8 }, { "Critical", 2, 9 }, { "Fatal", 1, 10 },
};
enum { SEVERITIES = sizeof(severities) / sizeof(severities[0]) };

static const struct class *
class_of(unsigned uid)
{
	for (size_t i = 0; i < CLASSES; i++)
		if (classes[i].uid == uid)
			return &classes[i];
	return NULL;
}

const char *
siem_class(unsigned uid)
{
	const struct class *c = class_of(uid);

	return c != NULL ? c->name : "other";
}

unsigned
siem_class_find(const char *name)
{
	for (size_t i = 0; i < CLASSES; i++)
		if (strcmp(classes[i].name, name) == 0)
			return classes[i].uid;
	return 0;
}

void
siem_class_names(char *out, size_t size)
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < CLASSES && n < size; i++)
		n += (size_t)snprintf(out + n, size - n, " %s", classes[i].name);
}

/* One that the schema does not have for this class is 99 there; what it was for us is in "unmapped". */
static const char *
activity_name(const struct class *c, unsigned *id)
{
	for (size_t i = 0; c != NULL && i < ACTIVITIES && c->activity[i].name != NULL; i++)
		if (c->activity[i].id == *id)
			return c->activity[i].name;
	*id = 99;
	return "Other";
}

static unsigned
severity_of(const struct db_event *v)
{
	return v->severity < SEVERITIES ? v->severity : 0;
}

/* The first failure stays. */
struct line { struct buf *out; int r; };

static void __attribute__((format(printf, 2, 3)))
put(struct line *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (l->r == 0)
		l->r = buf_vprintf(l->out, fmt, ap);
	va_end(ap);
}

/* What is special in this form stands behind a backslash. */
static void
put_special(struct line *l, struct slice s, const char *special)
{
	for (size_t i = 0; i < s.n && l->r == 0; i++) {
		if (s.p[i] != '\0' && strchr(special, s.p[i]) != NULL)
			l->r = buf_u8(l->out, '\\');
		if (l->r == 0)
			l->r = buf_u8(l->out, s.p[i]);
	}
}

/* Foreign text: control characters are made visible first. */
static void
put_text(struct line *l, const char *text, const char *special)
{
	struct buf shown;

	buf_init(&shown, 4 << 20);
	if (l->r == 0)
		l->r = text_escape(&shown, slice_from(text));
	put_special(l, buf_slice(&shown), special);
	buf_done(&shown);
}

/* JSON stays what it is, on one line: a newline in it can only stand between its parts. */
static void
put_json(struct line *l, const char *json, const char *special)
{
	const char *end;
	size_t n;

	for (; *json != '\0' && l->r == 0; json += n + (json[n] != '\0')) {
		n = strcspn(json, "\r\n");
		put_special(l, slice_of(json, n), special);
		end = json + n;
		if (*end != '\0')
			put(l, " ");
	}
}

/* --- RFC 5424 --- */

static void
param(struct line *l, const char *name, const char *value)
{
	if (value[0] == '\0')
		return;
	put(l, " %s=\"", name);
	(strcmp(name, "detail") == 0 ? put_json : put_text)(l, value, "\"\\]");
	put(l, "\"");
}

/* Printable ASCII without blanks, at most 255; "-" if there is none. */
static const char *
host_name(const char *node, char out[256])
{
	size_t n = 0;

	for (; *node != '\0' && n < 255; node++)
		if (*node > ' ' && *node < 0x7f)
			out[n++] = *node;
	out[n] = '\0';
	return n > 0 ? out : "-";
}

static int
rfc5424_write(struct buf *out, const struct db_event *v, const char *node)
{
	struct line l = { .out = out };
	char at[32], host[256];

	put(&l, "<%u>1 %s %s fortress - %s [fortress@32473 id=\"%lld\" class=\"%u\" activity=\"%u\" ok=\"%u\"", FACILITY_AUDIT * 8 +
	    severities[severity_of(v)].syslog, clock_print((wall_t){ v->t_us }, at, sizeof(at)), host_name(node, host),
	    siem_class(v->class_uid), (long long)v->id, v->class_uid, v->activity, v->ok);
	param(&l, "actor", v->actor);
	param(&l, "host", v->host);
	param(&l, "src", v->src);
	param(&l, "session", v->session);
	param(&l, "detail", v->detail);
	put(&l, " leaf=\"%lld\"] \xef\xbb\xbf", (long long)v->leaf);
	put_text(&l, v->text, "");
	put(&l, "\n");
	return l.r;
}

/* --- CEF --- */

static bool
is_address(const char *text)
{
	unsigned char a[16];

	return inet_pton(AF_INET, text, a) == 1 || inet_pton(AF_INET6, text, a) == 1;
}

static void
extension(struct line *l, const char *key, const char *value)
{
	if (value[0] == '\0')
		return;
	put(l, " %s=", key);
	(strcmp(key, "cs2") == 0 ? put_json : put_text)(l, value, "\\=");
}

static void
extension_own(struct line *l, const char *key, const char *label, const char *value)
{
	if (value[0] == '\0')
		return;
	put(l, " %sLabel=%s", key, label);
	extension(l, key, value);
}

static int
cef_write(struct buf *out, const struct db_event *v, const char *node)
{
	const struct class *c = class_of(v->class_uid);
	struct line l = { .out = out };
	unsigned activity = v->activity;
	const char *name = activity_name(c, &activity);

	put(&l, "CEF:0|Fortress|Fortress|" PACKAGE_VERSION "|%u:%u|%s: %s|%u|rt=%lld externalId=%lld cat=%s outcome=%s", v->class_uid, v->activity,
	    c != NULL ? c->ocsf : "Other", name, severities[severity_of(v)].cef, (long long)(v->t_us / 1000),
	    (long long)v->id, siem_class(v->class_uid), v->ok != 0 ? "success" : "failure");
	extension(&l, "dvchost", node);
	extension(&l, "suser", v->actor);
	extension(&l, is_address(v->src) ? "src" : "shost", v->src);
	extension(&l, "dhost", v->host);
	extension_own(&l, "cs1", "session", v->session);
	extension_own(&l, "cs2", "detail", v->detail);
	put(&l, " cn1Label=leaf cn1=%lld", (long long)v->leaf);
	extension(&l, "msg", v->text);
	put(&l, "\n");
	return l.r;
}

/* --- OCSF --- */

static void
string(struct line *l, const char *text)
{
	if (l->r == 0)
		l->r = text_json(l->out, slice_from(text));
}

static void
named(struct line *l, const char *before, const char *text, const char *after)
{
	if (text[0] == '\0')
		return;
	put(l, "%s", before);
	string(l, text);
	put(l, "%s", after);
}

/* What the schema wants of some classes. */
static void
class_members(struct line *l, const struct db_event *v)
{
	switch (v->class_uid) {
	case OCSF_LOGIN:
		put(l, ",\"auth_protocol_id\":99,\"auth_protocol\":\"SSH\"");
		/* fallthrough */
	case OCSF_DECISION:
	case OCSF_ACCOUNT:
		put(l, ",\"user\":{\"name\":");
		string(l, v->actor[0] != '\0' ? v->actor : "Unknown");
		put(l, "}");
		break;
	case OCSF_ADMIN:
		put(l, ",\"entity\":{\"type\":\"directory\",\"name\":");
		string(l, v->text);
		put(l, "}");
		break;
	case OCSF_FILE:
		put(l, ",\"file\":{\"type_id\":0,\"name\":");
		string(l, v->text);
		put(l, "}");
		break;
	case OCSF_SERVICE:
		put(l, ",\"app\":{\"name\":\"fortress\",\"vendor_name\":\"Fortress\",\"version\":\"" PACKAGE_VERSION "\"}");
		break;
	default:
		break;
	}
}

static void
unmapped(struct line *l, const struct db_event *v)
{
	put(l, ",\"unmapped\":{\"id\":%lld,\"leaf\":%lld,\"activity\":%u,\"mono_us\":%lld,\"boot\":", (long long)v->id, (long long)v->leaf, v->activity,
	    (long long)v->mono_us);
	string(l, v->boot);
	named(l, ",\"session\":", v->session, "");
	put(l, ",\"detail\":");
	put_json(l, v->detail[0] != '\0' ? v->detail : "null", "");
	put(l, "}");
}

static int
ocsf_write(struct buf *out, const struct db_event *v, const char *node)
{
	const struct class *c = class_of(v->class_uid);
	struct line l = { .out = out };
	unsigned severity = severity_of(v), activity = v->activity;
	const char *name = activity_name(c, &activity);

	put(&l, "{\"time\":%lld,\"class_uid\":%u,\"class_name\":\"%s\",\"category_uid\":%u,\"category_name\":\"%s\",\"activity_id\":%u,"
	    "\"activity_name\":\"%s\",\"type_uid\":%u,\"severity_id\":%u,\"severity\":\"%s\",\"status_id\":%u,\"status\":\"%s\",\"message\":",
	    (long long)(v->t_us / 1000), v->class_uid, c != NULL ? c->ocsf : "Other", v->class_uid / 1000, c != NULL ? c->category : "Other",
	    activity, name, v->class_uid * 100 + activity, severity, severities[severity].name,
	    v->ok != 0 ? 1u : 2u, v->ok != 0 ? "Success" : "Failure");
	string(&l, v->text);
	put(&l, ",\"metadata\":{\"version\":\"1.3.0\",\"uid\":\"%lld\",\"product\":{\"name\":\"Fortress\",\"vendor_name\":\"Fortress\",\"version\":\""
	    PACKAGE_VERSION "\"}},\"device\":{\"type_id\":1,\"hostname\":", (long long)v->id);
	string(&l, node);
	put(&l, "}");
	named(&l, ",\"actor\":{\"user\":{\"name\":", v->actor, "}}");
	named(&l, is_address(v->src) ? ",\"src_endpoint\":{\"ip\":" : ",\"src_endpoint\":{\"hostname\":", v->src, "}");
	named(&l, ",\"dst_endpoint\":{\"hostname\":", v->host, "}");
	class_members(&l, v);
	unmapped(&l, v);
	put(&l, "}\n");
	return l.r;
}

static const struct { const char *name; siem_write_fn *write; } formats[] = {
	{ "rfc5424", rfc5424_write }, { "cef", cef_write }, { "ocsf", ocsf_write },
};
const char siem_formats[] = "rfc5424, cef, ocsf";

siem_write_fn *
siem_format(const char *name)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(formats[i].name, name) == 0)
			return formats[i].write;
	return NULL;
}
