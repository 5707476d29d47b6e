# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += %D%/libui.a
%C%_libui_a_SOURCES = \
	%D%/approvals.c %D%/approvals.h %D%/columns.c %D%/columns.h %D%/commands.c %D%/deck.c %D%/deck.h %D%/draw.c %D%/draw.h \
	%D%/export.c %D%/export.h %D%/export_cast.c %D%/export_html.c %D%/export_json.c %D%/export_model.h \
	%D%/help.c %D%/help.h %D%/hosts.c %D%/hosts.h %D%/hosts_draw.c %D%/keys.c %D%/keys.h \
	%D%/layout.c %D%/layout.h %D%/link.c %D%/link.h %D%/lines.c %D%/lines.h %D%/lines_model.h %D%/live.c %D%/live.h %D%/list.c %D%/list.h %D%/page.c %D%/page.h \
	%D%/paint.c %D%/plain.c %D%/player.c %D%/player.h %D%/player_find.c %D%/player_model.h %D%/query.c %D%/query.h %D%/reading.c %D%/reading.h %D%/replay.c %D%/replay.h \
	%D%/replay_list.c %D%/replay_list.h %D%/replay_view.c %D%/replay_view.h %D%/rows.c %D%/rows.h %D%/safe.c %D%/safe.h %D%/screen.c %D%/screen.h \
	%D%/screen_model.h %D%/sequence.c %D%/sequence.h %D%/sessions.c %D%/sessions.h %D%/stage.c %D%/stage.h \
	%D%/term.c %D%/term.h %D%/watch.c %D%/watch.h %D%/width.c %D%/width.h
%C%_libui_a_CFLAGS = $(AM_CFLAGS) $(CURSES_CFLAGS) $(VTERM_CFLAGS)
UI_LIBS = ui/libui.a $(BASE_LIBS) $(CURSES_LIBS) $(VTERM_LIBS)
pkglibexec_PROGRAMS += fortress-menu
fortress_menu_SOURCES = %D%/menu_main.c
fortress_menu_CFLAGS = $(AM_CFLAGS) $(SECCOMP_CFLAGS)
fortress_menu_LDADD = ui/libui.a $(MSG_LIBS) $(CURSES_LIBS)
pkglibexec_PROGRAMS += fortress-sentry
fortress_sentry_SOURCES = %D%/sentry_main.c
fortress_sentry_LDADD = ui/libui.a $(MSG_LIBS) $(VTERM_LIBS)
pkglibexec_PROGRAMS += fortress-replay
fortress_replay_SOURCES = %D%/replay_main.c %D%/reader.c %D%/reader.h
fortress_replay_LDADD = ui/libui.a src/msg/libmsg.a $(DB_LIBS) $(CURSES_LIBS) $(VTERM_LIBS)
pkglibexec_PROGRAMS += fortress-render
fortress_render_SOURCES = %D%/render_main.c %D%/render.h
fortress_render_LDADD = ui/libui.a $(BASE_LIBS) $(VTERM_LIBS)
dist_man_MANS += %D%/fortress-menu.1 %D%/fortress-replay.1

# What an exported page is made of, together in one folder.
pagedir = $(pkgdatadir)/page
nodist_page_DATA = page/player.js page/player.css page/page.js page/page.css
dist_page_DATA = contrib/asciinema-player/LICENSE
CLEANFILES += $(nodist_page_DATA)
EXTRA_DIST += %D%/export.js %D%/export.css contrib/asciinema-player/README \
	contrib/asciinema-player/asciinema-player.min.js contrib/asciinema-player/asciinema-player.css
PAGE_COPY = $(AM_V_GEN)$(MKDIR_P) page && cp
page/player.js: $(playerdir)/asciinema-player.min.js
	$(PAGE_COPY) $(playerdir)/asciinema-player.min.js $@
page/player.css: $(playerdir)/asciinema-player.css
	$(PAGE_COPY) $(playerdir)/asciinema-player.css $@
page/page.js: %D%/export.js
	$(PAGE_COPY) $(srcdir)/%D%/export.js $@
page/page.css: %D%/export.css
	$(PAGE_COPY) $(srcdir)/%D%/export.css $@
