# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += %D%/libpolicy.a
%C%_libpolicy_a_SOURCES = \
	%D%/able.c %D%/argv.c %D%/ast.h %D%/check.c %D%/ere.c %D%/eval.c %D%/explain.c %D%/facts.c %D%/facts.h %D%/glob.c %D%/lex.c %D%/lex.h %D%/match.c %D%/next.c \
	%D%/parse.c %D%/parse.h \
	%D%/parse_expr.c %D%/parse_require.c %D%/parse_rule.c %D%/parse_token.c \
	%D%/policy.h %D%/pool.c %D%/print.c
POLICY_LIBS = policy/libpolicy.a $(BASE_LIBS)
dist_man_MANS += %D%/policy.5
