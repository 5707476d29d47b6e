-- SPDX-License-Identifier: BSD-2-Clause
-- Schema version 5: requests for approval, what was asked for and who said what.  votes: "NAME=TIME" of those who said yes,
-- with a blank between them; said: the last word on it, as the record has it.
CREATE TABLE approval(
	id TEXT PRIMARY KEY, user TEXT NOT NULL,
	verb TEXT NOT NULL, host TEXT NOT NULL, login TEXT NOT NULL, what TEXT NOT NULL,
	reason TEXT NOT NULL, ticket TEXT NOT NULL, policy TEXT NOT NULL, src TEXT NOT NULL,
	votes TEXT NOT NULL, state TEXT NOT NULL CHECK(state IN('open','used','rejected','withdrawn','expired')), said TEXT NOT NULL,
	asked_us INT NOT NULL, expires_us INT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX approval_user ON approval(user);
