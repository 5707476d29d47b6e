# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += %D%/libui.a
%C%_libui_a_SOURCES = \
	%D%/commands.c %D%/draw.c %D%/draw.h %D%/hosts.c %D%/hosts.h %D%/hosts_draw.c %D%/keys.c %D%/keys.h \
	%D%/layout.c %D%/layout.h %D%/lines.c %D%/lines.h %D%/lines_model.h %D%/list.c %D%/list.h %D%/page.c %D%/page.h \
	%D%/paint.c %D%/plain.c %D%/player.c %D%/player.h %D%/query.c %D%/query.h %D%/replay.c %D%/replay.h \
	%D%/replay_view.c %D%/replay_view.h %D%/screen.c %D%/screen.h \
	%D%/screen_model.h %D%/sequence.c %D%/sequence.h \
	%D%/term.c %D%/term.h %D%/width.c %D%/width.h
%C%_libui_a_CFLAGS = $(AM_CFLAGS) $(CURSES_CFLAGS) $(VTERM_CFLAGS)
UI_LIBS = ui/libui.a $(BASE_LIBS) $(CURSES_LIBS) $(VTERM_LIBS)
pkglibexec_PROGRAMS += fortress-menu
fortress_menu_SOURCES = %D%/menu_main.c
fortress_menu_CFLAGS = $(AM_CFLAGS) $(SECCOMP_CFLAGS)
fortress_menu_LDADD = ui/libui.a $(MSG_LIBS) $(CURSES_LIBS)
pkglibexec_PROGRAMS += fortress-replay
fortress_replay_SOURCES = %D%/replay_main.c
fortress_replay_LDADD = ui/libui.a $(DB_LIBS) $(CURSES_LIBS) $(VTERM_LIBS)
dist_man_MANS += %D%/fortress-menu.1 %D%/fortress-replay.1
