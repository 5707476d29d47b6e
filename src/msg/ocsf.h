/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The classes of events that there are, by the numbers of the Open Cybersecurity Schema Framework. */
#ifndef MSG_OCSF_H
#define MSG_OCSF_H

enum ocsf_class {
	OCSF_FILE = 1001,              /* File System Activity: what sftp and its like did */
	OCSF_READING = 1008,           /* Event Log Activity: somebody reads the record */
	OCSF_ACCOUNT = 3001,           /* Account Change: by its own user */
	OCSF_LOGIN = 3002,             /* Authentication */
	OCSF_DECISION = 3003,          /* Authorize Session */
	OCSF_ADMIN = 3004,             /* Entity Management: directory and policy */
	OCSF_SSH = 4007,               /* SSH Activity: sessions and channels */
	OCSF_SERVICE = 6002,           /* Application Lifecycle */
};

#endif
