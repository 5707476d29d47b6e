/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Words, strings and marks out of the text, with macros and included files opened on the way. */
#ifndef POLICY_LEX_H
#define POLICY_LEX_H

#include "policy/ast.h"

enum token_kind { TOKEN_END, TOKEN_WORD, TOKEN_STRING, TOKEN_ERE, TOKEN_REFERENCE, TOKEN_MARK };

struct token {
	enum token_kind kind;
	struct place at;
	char text[1024];                 /* of a mark: the one character */
};

#define LEX_FILES_MAX 64         /* of one Include */

struct lex;

struct lex *lex_new(struct pool *pool, struct err *e);
void lex_free(struct lex *l);
/* Opens text as input in front of the rest (for the first file, and for Include).  name is copied.  -E2BIG: too deep. */
int lex_push(struct lex *l, const char *name, struct slice text);
/* -EEXIST: twice, or used as an attribute before; -E2BIG, -ENOMEM. */
int lex_define(struct lex *l, const char *name, const char *text);
/* Inside the body of a command: words may hold = ( ) , & | ! #. */
void lex_set_raw(struct lex *l, bool raw);
/* The next token.  0, or negative with the error set. */
int lex_next(struct lex *l, struct token *t);
/* The next token where $NAME alone may be an attribute of the user: what is no macro, nor almost one, is a reference.  As lex_next;
 * or -ENOMEM, without words. */
int lex_next_value(struct lex *l, struct token *t);
/* The next token where /ERE/ has to stand: what is between the slashes, with \/ as /. */
int lex_next_ere(struct lex *l, struct token *t);

#endif
