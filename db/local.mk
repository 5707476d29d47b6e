# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += %D%/libdb.a
%C%_libdb_a_SOURCES = \
	%D%/approval.c %D%/approval.h %D%/db.c %D%/db.h %D%/directory.c %D%/directory.h %D%/event.c %D%/event.h %D%/frames.c %D%/frames.h %D%/index.c %D%/index.h \
	%D%/journal.c %D%/journal.h %D%/leaf.c %D%/leaf.h %D%/merkle.c %D%/merkle.h %D%/note.c %D%/note.h \
	%D%/backup.c %D%/backup.h %D%/bulk.c %D%/bulk.h %D%/keep.c %D%/keep.h %D%/seg.c %D%/sheet.c %D%/sheet.h %D%/segment.c %D%/segment.h %D%/session.c %D%/session.h %D%/stmt.h %D%/tree.c %D%/tree.h \
	%D%/rows.h %D%/standing.c %D%/standing.h %D%/verify.c %D%/verify.h %D%/witness.c %D%/witness.h
%C%_libdb_a_SOURCES += %D%/decision.c %D%/decision.h
nodist_%C%_libdb_a_SOURCES = %D%/schema.inc
%C%_libdb_a_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS) $(ZSTD_CFLAGS) $(CRYPTO_CFLAGS)
DB_LIBS = db/libdb.a $(BASE_LIBS) $(SQLITE_LIBS) $(ZSTD_LIBS) $(CRYPTO_LIBS)

# The schema and what came to it later, each a C string, a line a line.
SCHEMA_STEPS = %D%/schema.sql %D%/migrate/0002-expires.sql %D%/migrate/0003-groups.sql %D%/migrate/0004-keep.sql %D%/migrate/0005-approvals.sql \
	%D%/migrate/0006-partitions.sql %D%/migrate/0007-bulk.sql %D%/migrate/0008-clock.sql
%D%/schema.inc: $(SCHEMA_STEPS) %D%/local.mk
	$(AM_V_GEN)$(MKDIR_P) %D% && rm -f $@.tmp && for f in $(SCHEMA_STEPS); do \
		$(SED) -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$$/\\n"/' $(srcdir)/$$f >> $@.tmp && \
		echo , >> $@.tmp || exit 1; done && mv $@.tmp $@
BUILT_SOURCES += %D%/schema.inc
%D%/libdb_a-db.$(OBJEXT): %D%/schema.inc
CLEANFILES += %D%/schema.inc
EXTRA_DIST += $(SCHEMA_STEPS)
dist_man_MANS += %D%/fortress-record.5
