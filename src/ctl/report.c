/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Which page serves which control of ISO/IEC 27001:2022, Annex A, and what stands on it: rows of a table.  A page whose sheets and
 * figures are all empty says that there is no evidence.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/spawn.h"
#include "base/text.h"
#include "ctl/report.h"
#include "ctl/run.h"

enum { DOC_MAX = 16 << 20, ON_A_PAGE = 4, DAY_S = 86400, DAYS_MAX = 900 };

struct page { const char *control, *title, *words; const char *figures[ON_A_PAGE], *sheets[ON_A_PAGE]; };

static const struct page pages[] = {
	{ "5.3", "Segregation of duties", "Who changed the directory and the policy, beside who used what these permit. A person who stands in both "
	    "lists both gives access and uses it. What people do with keys and second factors of their own counts for neither.", { "administrators", "top-users" }, { "administration" } },
	{ "5.15", "Access control", "Every connection to a host was decided by the policy that was in force; what no rule permitted was denied. Here is what "
	    "was denied, and why.", { "denials-per-day" }, { "denials", "policies" } },
	{ "5.16", "Identity management", "All accounts with their state. Dormant are those that have not logged in for more than 90 days.",
	    { "account-states" }, { "accounts" } },
	{ "5.17", "Authentication information", "The keys that people log in with, by fingerprint and age; and where a second factor is kept.",
	    { NULL }, { "keys", "accounts" } },
	{ "5.18", "Access rights", "The access review: who may do what on which host, as whom, by which rule, as the policy and the directory stand at the end of "
	    "the period. Verbs in part are permitted at some hours, from some addresses, or for some commands, files or destinations: the rule says which.", { NULL }, { "access" } },
	{ "5.28", "Collection of evidence", "What was collected in the period. Each event and each piece of a recording is a leaf of one tree whose root is signed, so "
	    "that nothing can be taken out or changed unseen.", { "events-by-class" }, { NULL } },
	{ "5.33", "Protection of records", "Records are signed as they are written, and what is read, erased or put back is on the record.",
	    { "readings-per-day" }, { "readings", "retention", "backups" } },
	{ "5.34", "Privacy and protection of personal data", "Recordings show what people typed and saw. Here is who read them.",
	    { "readings-per-day" }, { "readings" } },
	{ "5.36", "Compliance with policies, rules and standards", "The policies that were in force, and what was tried against them.",
	    { "denials-per-day" }, { "policies", "denials" } },
	{ "8.2", "Privileged access rights", "The accounts on hosts that people became, and what the administrators of the bastion did.",
	    { "logins-on-hosts", "administration-per-day" }, { "access", "administration" } },
	{ "8.3", "Information access restriction", "Files that went over the bastion, and what was denied.", { "transfers-per-day", "denials-per-day" },
	    { "transfers" } },
	{ "8.5", "Secure authentication", "How people proved who they are, and the tries that failed.",
	    { "logins-by-method", "logins-per-day", "failed-logins-per-day" }, { "failed-logins" } },
	{ "8.9", "Configuration management", "The hosts as they are registered, with their keys pinned; and each policy that came into force. policies.diff "
	    "shows what changed from one to the next.", { NULL }, { "hosts", "policies" } },
	{ "8.10", "Information deletion", "What was erased because its time was over, what was held back from that, and by whom.", { NULL }, { "retention" } },
	{ "8.13", "Information backup", "Backups of the record, and the times when one was put back to see whether it works.", { NULL }, { "backups" } },
	{ "8.15", "Logging", "Every session is recorded; here are their number and kinds, and when the bastion itself started and stopped.",
	    { "sessions-per-day", "top-hosts", "channels" }, { "service" } },
	{ "8.16", "Monitoring activities", "What should be looked at: logins that failed and where they came from, faults, sessions whose end is not known.",
	    { "failed-logins-per-day", "top-failed-sources" }, { "faults", "lost-sessions" } },
	{ "8.17", "Clock synchronisation", "Each event bears the time of day and a clock that only moves forward. Where the two drifted apart by more than half "
	    "a second between one event and the next, the clock was set.", { NULL }, { "clock-steps" } },
	{ "8.18", "Use of privileged utility programs", "Commands. Those of source exec the bastion itself handed to the host: they are sure. All others are what "
	    "the host's output says, by its shell's marks or read off the screen, and how sure that is: where to look, no proof of what ran. Of which "
	    "sessions they are not all known commands-missing.csv says.", { "channels" }, { "commands", "commands-missing" } },
	{ "8.20", "Networks security", "Connections that were forwarded through hosts, jumps, agents and displays, each by a rule.", { NULL }, { "forwards", "hosts" } },
	{ "8.32", "Change management", "Changes of the directory and the policy: by whom, and approvals where they were asked for.",
	    { "administration-per-day", "approvals-per-day" }, { "administration", "approvals" } },
};
enum { PAGES = sizeof(pages) / sizeof(pages[0]) };

static const struct { const char *figure, *title; } titles[] = {
	{ "sessions-per-day", "Sessions per day" }, { "failed-logins-per-day", "Failed logins per day" }, { "logins-per-day", "Logins per day" },
	{ "top-hosts", "Hosts with the most sessions" }, { "top-users", "People with the most sessions" },
	{ "top-failed-sources", "Addresses with the most failed logins" }, { "channels", "Sessions by kind" },
	{ "denials-per-day", "Denials per day" }, { "approvals-per-day", "Approvals per day" },
	{ "administration-per-day", "Administrators' acts per day" }, { "readings-per-day", "Readings of the record per day" },
	{ "transfers-per-day", "File operations per day" }, { "logins-by-method", "Sessions by how their user logged in" },
	{ "events-by-class", "Events by kind" }, { "administrators", "Administrators by acts" },
	{ "logins-on-hosts", "Accounts on hosts, by sessions" }, { "account-states", "Accounts by state" },
};

/* The other catalogues, by control: PCI DSS 4.0, the trust services criteria of SOC 2, GB/T 22239-2019 (MLPS 2.0), third level. */
static const struct { const char *control, *pci, *soc2, *mlps; } across[] = {
	{ "5.3", "7.2.2", "CC6.3", "8.1.7.1, 8.1.5.2" }, { "5.15", "7.2.1, 7.3.2, 7.3.3", "CC6.1", "8.1.4.2" },
	{ "5.16", "8.2.1, 8.2.4, 8.2.6", "CC6.2", "8.1.4.1" }, { "5.17", "8.3.1, 8.3.2", "CC6.1", "8.1.4.1, 8.1.10.9" },
	{ "5.18", "7.2.4, 7.2.5", "CC6.2, CC6.3", "8.1.4.2, 8.1.7.3" }, { "5.28", "10.2.1, 10.2.2", "CC7.3", "8.1.4.3, 8.1.10.12" },
	{ "5.33", "10.3.1, 10.3.2, 10.5.1", "CC6.1", "8.1.4.3, 8.1.4.7" }, { "5.34", "10.2.1.3", "CC6.1", "8.1.4.11" },
	{ "5.36", "7.2.1", "CC7.2", "8.1.7.5" }, { "8.2", "7.2.2, 10.2.1.2", "CC6.3", "8.1.4.2, 8.1.5.1" },
	{ "8.3", "7.3.1, 7.3.2", "CC6.1, CC6.7", "8.1.4.2" }, { "8.5", "8.3.1, 8.3.4, 8.4.1, 10.2.1.4", "CC6.1", "8.1.4.1" },
	{ "8.9", "10.2.1.7", "CC7.1", "8.1.10.8" }, { "8.10", "10.5.1", "CC6.5", "8.1.4.10" },
	{ "8.13", "10.3.3", "CC7.5", "8.1.4.9, 8.1.10.11" }, { "8.15", "10.2.1, 10.2.2, 10.3.2", "CC7.2", "8.1.4.3" },
	{ "8.16", "10.4.1, 10.7.1, 10.7.2", "CC7.2, CC7.3", "8.1.5.4, 8.1.3.5" }, { "8.17", "10.6.1, 10.6.2", "CC7.2", "8.1.5.4" },
	{ "8.18", "10.2.1.2", "CC6.8", "8.1.4.3, 8.1.10.6" }, { "8.20", "7.3.1", "CC6.6", "8.1.3.1, 8.1.3.2" },
	{ "8.32", "10.2.1.5, 10.2.1.7", "CC6.8", "8.1.10.10" },
};

/* The first failure stays. */
struct writer {
	struct report *p;
	struct err *e;
	bool some;                       /* there was evidence on this page */
	uint64_t points;
	time_t day;                      /* of the last point, if that is one */
	char empty[400];                 /* controls without evidence */
	int r;
};

static void
cell(struct writer *w, const char *text)
{
	char shown[2048];

	if (w->r == 0)
		w->r = buf_text(&w->p->doc, text_cleaned(slice_from(text), shown, sizeof(shown)));
	if (w->r == 0)
		w->r = buf_u8(&w->p->doc, '\t');
}

static void
line_begin(struct writer *w, char kind)
{
	if (w->r == 0)
		w->r = buf_printf(&w->p->doc, "%c\t", kind);
}

static void
line_end(struct writer *w)
{
	if (w->r == 0)
		w->r = buf_u8(&w->p->doc, '\n');
}

/* A line of a few cells, ended by NULL. */
static void
line(struct writer *w, char kind, const char *a, const char *b, const char *c, const char *d)
{
	const char *const cells[] = { a, b, c, d, NULL };

	line_begin(w, kind);
	for (const char *const *at = cells; *at != NULL; at++)
		cell(w, *at);
	line_end(w);
}

static const char *
number_text(uint64_t v, char out[32])
{
	snprintf(out, 32, "%llu", (unsigned long long)v);
	return out;
}

/* --- figures --- */

/* "2026-11-24" as the second at which that day begins; 0: it is no day. */
static time_t
day_of(const char *label)
{
	struct tm tm = { 0 };
	const char *end = strptime(label, "%Y-%m-%d", &tm);

	return end != NULL && *end == '\0' ? timegm(&tm) : 0;
}

/* Days of which there is nothing to say are nought. */
static void
days_fill(struct writer *w, const char *label)
{
	time_t day = day_of(label);
	char text[32];
	struct tm tm;

	for (time_t at = w->day + DAY_S; w->day != 0 && at < day && w->points < DAYS_MAX; at += DAY_S, w->points++)
		if (gmtime_r(&at, &tm) != NULL && strftime(text, sizeof(text), "%Y-%m-%d", &tm) > 0)
			line(w, 'D', text, "0", NULL, NULL);
	w->day = day;
}

static int
point_seen(void *arg, const struct db_sheet_row *row)
{
	struct writer *w = arg;
	char label[200], value[32];

	if (row->n < 2 || row->cell[1].kind != DB_NUMBER)
		return 0;
	(void)text_cleaned(row->cell[0].text, label, sizeof(label));
	days_fill(w, label);
	line(w, 'D', label[0] != '\0' ? label : "(none)", number_text((uint64_t)row->cell[1].number, value), NULL, NULL);
	w->points++;
	return 0;
}

static void
figure_put(struct writer *w, const char *name)
{
	size_t before = w->p->doc.len;
	const struct evidence *v = w->p->evidence;
	const char *title = name;

	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		if (strcmp(titles[i].figure, name) == 0)
			title = titles[i].title;
	w->points = 0;
	w->day = 0;
	line(w, 'B', title, NULL, NULL, NULL);
	if (w->r == 0)
		w->r = db_sheet_list(v->db, name, &v->period, point_seen, w, w->e);
	if (w->points == 0)
		w->p->doc.len = before;
	w->some = w->some || w->points > 0;
}

/* --- sheets --- */

static void
sheet_put(struct writer *w, const char *name)
{
	const struct evidence_sheet *s = evidence_find(w->p->evidence, name);
	struct slice rows, row;
	char title[200];

	if (s == NULL || s->rows == 0)
		return;
	w->some = true;
	snprintf(title, sizeof(title), s->rows > EVIDENCE_SHOWN ? "%s.csv: the first of %llu rows" : "%s.csv: %llu row%s", name,
	    (unsigned long long)s->rows, s->rows == 1 ? "" : "s");
	line_begin(w, 'H');
	cell(w, title);
	if (w->r == 0)
		w->r = buf_slice_append(&w->p->doc, buf_slice(&s->head));
	for (rows = buf_slice(&s->shown); w->r == 0 && take_until(&rows, '\n', &row);) {
		line_begin(w, 'R');
		if (w->r == 0)
			w->r = buf_slice_append(&w->p->doc, row);
		line_end(w);
	}
}

/* --- what is known without a sheet --- */

static void
facts_evidence(struct writer *w)
{
	const struct report *p = w->p;
	char at[40], n[32];

	line(w, 'H', "The record", "what", "value", NULL);
	line(w, 'R', "records in the tree", number_text(p->leaves, n), NULL, NULL);
	line(w, 'R', "of which are under a signed checkpoint", number_text(p->signed_leaves, n), NULL, NULL);
	line(w, 'R', "the newest checkpoint was signed", p->signed_us > 0 ? clock_print_second((wall_t){ p->signed_us }, at, sizeof(at)) : "never", NULL, NULL);
	if (p->proved) {
		line(w, 'R', "events of the period in this pack", number_text(p->events, n), NULL, NULL);
		line(w, 'R', "sessions of the period in this pack", number_text(p->sessions, n), NULL, NULL);
	}
}

bool
report_clock_is_synchronised(void)
{
	struct timex t = { 0 };

	return adjtimex(&t) >= 0 && (t.status & STA_UNSYNC) == 0;
}

static void
facts_clock(struct writer *w)
{
	line(w, 'H', "The clock", "what", "value", NULL);
	line(w, 'R', "the kernel calls its clock, as this was written", report_clock_is_synchronised() ? "synchronised" : "not synchronised", NULL, NULL);
	w->some = true;
}

static void
no_access_put(struct writer *w)
{
	char text[600];

	snprintf(text, sizeof(text), "There is no access review: %s.", w->p->evidence->no_access);
	line(w, 'N', text, NULL, NULL, NULL);
}

static void
page_put(struct writer *w, const struct page *g)
{
	line(w, 'P', g->control, g->title, NULL, NULL);
	line(w, 'T', g->words, NULL, NULL, NULL);
	w->some = false;
	if (strcmp(g->control, "5.18") == 0 && w->p->evidence->no_access[0] != '\0')
		no_access_put(w);
	if (strcmp(g->control, "5.28") == 0 || strcmp(g->control, "5.33") == 0)
		facts_evidence(w);
	if (strcmp(g->control, "8.17") == 0)
		facts_clock(w);
	for (size_t i = 0; i < ON_A_PAGE && g->figures[i] != NULL; i++)
		figure_put(w, g->figures[i]);
	for (size_t i = 0; i < ON_A_PAGE && g->sheets[i] != NULL; i++)
		sheet_put(w, g->sheets[i]);
	if (!w->some)
		(void)snprintf(w->empty + strlen(w->empty), sizeof(w->empty) - strlen(w->empty), "%s%s", w->empty[0] != '\0' ? ", " : "", g->control);
	if (!w->some)
		line(w, 'N', "There is no evidence for this control in the period.", NULL, NULL, NULL);
}

static void
across_put(struct writer *w)
{
	line(w, 'P', "other", "The same evidence for other catalogues", NULL, NULL);
	line(w, 'T', "Which requirements of PCI DSS 4.0, trust services criteria (SOC 2) and clauses of GB/T 22239-2019 (MLPS 2.0, third level) "
	    "the pages of this report speak to. Evidence supports an assessment; it does not replace one.", NULL, NULL, NULL);
	line_begin(w, 'H');
	cell(w, "");
	cell(w, "ISO/IEC 27001:2022 Annex A");
	cell(w, "page");
	cell(w, "PCI DSS 4.0");
	cell(w, "SOC 2");
	cell(w, "MLPS 2.0");
	line_end(w);
	for (size_t i = 0; i < sizeof(across) / sizeof(across[0]); i++) {
		line_begin(w, 'R');
		cell(w, across[i].control);
		for (size_t k = 0; k < PAGES; k++)
			if (strcmp(pages[k].control, across[i].control) == 0)
				cell(w, pages[k].title);
		cell(w, across[i].pci);
		cell(w, across[i].soc2);
		cell(w, across[i].mlps);
		line_end(w);
	}
}

static void
title_put(struct writer *w)
{
	const struct db_period *t = &w->p->evidence->period;
	char from[40], until[40], asof[40], words[300];

	snprintf(words, sizeof(words), "%s to %s%s%s%s%s", t->from_us > 0 ? clock_print_second((wall_t){ t->from_us }, from, sizeof(from)) : "From the beginning",
	    clock_print_second((wall_t){ t->until_us > 0 ? t->until_us : t->as_of_us }, until, sizeof(until)), t->user != NULL ? ", user " : "",
	    t->user != NULL ? t->user : "", t->host != NULL ? ", host " : "", t->host != NULL ? t->host : "");
	line(w, 'I', w->p->origin, words, clock_print_second((wall_t){ t->as_of_us }, asof, sizeof(asof)), NULL);
}

/* What is in the pack, by number, and where evidence is lacking. */
static void
summary_put(struct writer *w)
{
	const struct evidence *v = w->p->evidence;
	char n[32], file[64], words[600];

	line(w, 'P', "summary", "Summary", NULL, NULL);
	if (w->empty[0] != '\0') {
		snprintf(words, sizeof(words), "There is no evidence in the period for: %s.", w->empty);
		line(w, 'N', words, NULL, NULL, NULL);
	}
	facts_evidence(w);
	line(w, 'H', "The sheets", "sheet", "rows", NULL);
	for (unsigned i = 0; i < v->n; i++) {
		snprintf(file, sizeof(file), "%s.csv", v->sheets[i].name);
		line(w, 'R', file, number_text(v->sheets[i].rows, n), NULL, NULL);
	}
}

/* The pages come behind the summary, which has to know what they lack. */
int
report_compose(struct report *p, struct err *e)
{
	struct writer w = { .p = p, .e = e };
	struct buf all;

	buf_init(&p->doc, DOC_MAX);
	for (size_t i = 0; i < PAGES; i++)
		page_put(&w, &pages[i]);
	all = p->doc;
	buf_init(&p->doc, DOC_MAX);
	title_put(&w);
	summary_put(&w);
	if (w.r == 0)
		w.r = buf_slice_append(&p->doc, buf_slice(&all));
	across_put(&w);
	buf_done(&all);
	return w.r == 0 || e->code != 0 ? w.r : err_set(e, w.r, "the report is too large");
}

/* --- drawing --- */

int
report_draw(struct report *p, const char *form, struct buf *out, struct err *e)
{
	char path[4096], copy[8];
	char *argv[] = { path, copy, NULL };
	int r;

	snprintf(copy, sizeof(copy), "%s", form);
	if (spawn_path("fortress-report", path, sizeof(path)) != 0)
		return err_set(e, -ENAMETOOLONG, "fortress-report: too long a path");
	r = run_filter(argv, buf_slice(&p->doc), out, e);
	return r > 0 ? err_set(e, -EIO, "fortress-report could not draw the report") : r;
}
