/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Rows of the directory as JSON, made by SQLite: as the record keeps each change, and as standing.c compares them. */
#ifndef DB_ROWS_H
#define DB_ROWS_H

/* What was added later stands there only when it is set, so that rows of before are written as they were then. */
#define EXPIRES_JSON "CASE expires_us WHEN 0 THEN '{}' ELSE json_object('expires_us',expires_us) END"
#define ATTRS_JSON "CASE attrs WHEN '' THEN '{}' ELSE json_object('attrs',attrs) END"
#define USER_JSON "json_patch(json_patch(json_object('name',name,'display',display,'groups',groups,'disabled',disabled)," \
	EXPIRES_JSON ")," ATTRS_JSON ")"
#define GROUP_JSON "json_object('name',name,'description',description)"
#define KEY_JSON  "json_patch(json_object('user',user,'alg',alg,'blob',lower(hex(blob)),'comment',comment)," EXPIRES_JSON ")"
#define HOST_JSON "json_object('name',name,'addr',addr,'port',port,'target_kind',target_kind,'trust_first',trust_first," \
	"'labels',labels,'logins',logins,'pins',pins,'aliases',aliases)"
#define CODE_JSON "json_object('user',user,'hash',lower(hex(hash)),'expires_us',expires_us)"
#define APPROVAL_JSON "json_object('id',id,'user',user,'verb',verb,'host',host,'login',login,'what',what,'reason',reason,'ticket',ticket," \
	"'policy',policy,'src',src,'votes',votes,'state',state,'said',said,'asked_us',asked_us,'expires_us',expires_us)"
#define FACTOR_JSON "json_object('user',user,'step',step,'added_us',added_us)"

#endif
