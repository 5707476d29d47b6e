-- SPDX-License-Identifier: BSD-2-Clause
-- Schema version 4: whose recordings must not be erased, and which partitions were.
CREATE TABLE hold(
	session_id INTEGER PRIMARY KEY REFERENCES session(id), reason TEXT NOT NULL, actor TEXT NOT NULL, since_us INT NOT NULL
) STRICT;
CREATE TABLE gone(file TEXT PRIMARY KEY, at_us INT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TRIGGER gone_no_update BEFORE UPDATE ON gone BEGIN SELECT raise(ABORT, 'append-only'); END;
CREATE TRIGGER gone_no_delete BEFORE DELETE ON gone BEGIN SELECT raise(ABORT, 'append-only'); END;
