# SPDX-License-Identifier: BSD-2-Clause
check_PROGRAMS += %D%/golden
TESTS += %D%/golden
%C%_golden_LDADD = $(TAP_LIBS) $(UI_LIBS)
EXTRA_DIST += %D%/hosts.tsv %D%/20x5-start.txt %D%/40x10-start.txt %D%/50x12-resized.txt %D%/80x24-details.txt \
	%D%/80x24-help.txt %D%/80x24-logins.txt %D%/80x24-pasted.txt %D%/80x24-plain.txt %D%/80x24-refused.txt %D%/80x24-search.txt \
	%D%/80x24-start.txt %D%/200x60-start.txt
