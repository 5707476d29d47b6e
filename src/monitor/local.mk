# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += %D%/libmonitor.a
%C%_libmonitor_a_SOURCES = \
	%D%/audit.c %D%/audit.h %D%/auth.c %D%/auth.h %D%/child.c %D%/child.h %D%/conf.c %D%/conf.h \
	%D%/conf_check.c %D%/conf_check.h %D%/conf_value.c %D%/conf_value.h \
	%D%/conn.c %D%/conn.h %D%/control.c %D%/control.h %D%/dial.c %D%/dial.h %D%/limit.c %D%/limit.h %D%/listen.c %D%/listen.h \
	%D%/menu.c %D%/menu.h %D%/monitor.h %D%/pam.c %D%/pam.h %D%/pulse.c %D%/pulse.h %D%/reap.c %D%/reload.c %D%/reload.h \
	%D%/settings.c %D%/settings.h %D%/source.c %D%/source.h \
	%D%/starter.c %D%/starter.h %D%/state.c %D%/state.h
%C%_libmonitor_a_CFLAGS = $(AM_CFLAGS) $(AUDIT_CFLAGS)
pkglibexec_PROGRAMS += fortress-monitor
fortress_monitor_SOURCES = %D%/main.c
fortress_monitor_LDADD = %D%/libmonitor.a $(MSG_LIBS) $(PAM_LIBS) $(AUDIT_LIBS)

# The page's list is printed by the parser's own table.
CLEANFILES += %D%/fortress.conf.5
EXTRA_DIST += %D%/fortress.conf.5.in
nodist_man_MANS = %D%/fortress.conf.5
%D%/fortress.conf.5: $(srcdir)/%D%/fortress.conf.5.in fortress-monitor$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) %D% && ./fortress-monitor --keywords mdoc >$@.words && \
		$(SED) -e '/@KEYWORDS@/{r $@.words' -e 'd;}' $(srcdir)/%D%/fortress.conf.5.in >$@.new && \
		rm -f $@.words && mv $@.new $@
