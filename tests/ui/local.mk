# SPDX-License-Identifier: BSD-2-Clause
check_PROGRAMS += %D%/golden %D%/golden_replay
TESTS += %D%/golden %D%/golden_replay
%C%_golden_SOURCES = %D%/golden.c %D%/run.c %D%/run.h
%C%_golden_LDADD = $(TAP_LIBS) $(UI_LIBS) $(MSG_LIBS)
%C%_golden_replay_SOURCES = %D%/golden_replay.c %D%/run.c tests/tape.c tests/tape.h
%C%_golden_replay_LDADD = $(TAP_LIBS) $(UI_LIBS)
EXTRA_DIST += %D%/hosts.tsv %D%/many.tsv %D%/20x5-details.txt %D%/20x5-start.txt %D%/40x4-resized.txt %D%/40x6-sessions.txt \
	%D%/40x10-details.txt %D%/40x10-help.txt %D%/40x10-many.txt %D%/40x10-nothing.txt %D%/40x10-query.txt %D%/40x10-refused.txt \
	%D%/40x10-start.txt %D%/40x12-plain.txt %D%/40x12-plain-all.txt %D%/50x12-resized.txt %D%/60x10-look.txt %D%/60x10-plain-look.txt \
	%D%/80x12-approvals.txt %D%/80x12-approvals-down.txt %D%/80x12-approvals-help.txt %D%/80x12-approvals-long.txt %D%/80x12-approvals-none.txt \
	%D%/80x12-approvals-states.txt \
	%D%/80x12-banner.txt %D%/80x12-banner-later.txt %D%/80x12-late.txt %D%/80x12-look.txt %D%/80x12-none.txt %D%/80x12-others.txt \
	%D%/80x12-sessions.txt %D%/80x12-sessions-again.txt %D%/80x12-sessions-hostile.txt %D%/80x12-sessions-long.txt %D%/80x12-sessions-none.txt \
	%D%/80x12-sessions-over.txt %D%/80x12-sessions-over-long.txt \
	%D%/80x12-sessions-sure.txt %D%/80x12-two-words.txt %D%/80x24-details.txt %D%/80x24-help.txt %D%/80x24-logins.txt \
	%D%/80x24-many.txt %D%/80x24-many-web.txt %D%/80x24-others.txt %D%/80x24-others-none.txt %D%/80x24-others-search.txt \
	%D%/80x24-pasted.txt %D%/80x24-plain.txt %D%/80x24-refused.txt %D%/80x24-search.txt %D%/80x24-start.txt %D%/120x40-many.txt \
	%D%/200x60-start.txt %D%/replay-30x7.txt %D%/replay-40x5.txt %D%/replay-60x12-look.txt %D%/replay-80x24.txt \
	%D%/replay-120x14.txt %D%/replay-command.txt %D%/replay-end.txt %D%/replay-event.txt %D%/replay-file.txt %D%/replay-follow.txt \
	%D%/replay-help.txt %D%/replay-help-40x8.txt %D%/replay-list.txt %D%/replay-listed.txt %D%/replay-list-left.txt \
	%D%/replay-marker.txt %D%/replay-not-found.txt %D%/replay-no-command.txt %D%/replay-resize.txt %D%/replay-search.txt \
	%D%/replay-slow.txt %D%/replay-speed.txt %D%/replay-step.txt %D%/replay-tenth.txt %D%/replay-text.txt %D%/replay-two.txt \
	%D%/replay-two-begin.txt %D%/replay-two-look.txt %D%/replay-two-search.txt
