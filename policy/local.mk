# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += %D%/libpolicy.a
%C%_libpolicy_a_SOURCES = \
	%D%/able.c %D%/argv.c %D%/ast.h %D%/check.c %D%/dest.c %D%/ere.c %D%/eval.c %D%/explain.c %D%/facts.c %D%/facts.h %D%/glob.c \
	%D%/index.c %D%/lex.c %D%/lex.h %D%/lint.c %D%/lint.h %D%/lint_cover.c %D%/lint_cover.h %D%/match.c %D%/match.h %D%/match_what.c %D%/next.c %D%/options.c \
	%D%/parse.c %D%/parse.h %D%/parse_clause.c %D%/parse_expr.c %D%/parse_require.c %D%/parse_rule.c %D%/parse_token.c %D%/parse_when.c \
	%D%/policy.h %D%/pool.c %D%/pool.h %D%/print.c %D%/dict.c %D%/zone.c %D%/zone.h %D%/zone_rule.c %D%/zone_rule.h
POLICY_LIBS = policy/libpolicy.a $(BASE_LIBS)
dist_man_MANS += %D%/policy.5
