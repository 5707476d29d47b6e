-- SPDX-License-Identifier: BSD-2-Clause
-- The audit database, schema version 1.  Later versions are steps in db/migrate/.
-- Times are microseconds since 1970 (UTC) unless the name says ms or mono; leaf: index in the Merkle tree.

CREATE TABLE session(
	id INTEGER PRIMARY KEY,
	uuid BLOB NOT NULL UNIQUE CHECK(length(uuid)=16),
	conn INT NOT NULL,
	user TEXT NOT NULL, login TEXT NOT NULL, host TEXT NOT NULL, addr TEXT NOT NULL,
	src TEXT NOT NULL, method TEXT NOT NULL, channel TEXT NOT NULL, command TEXT NOT NULL, term TEXT NOT NULL,
	cols INT NOT NULL, rows INT NOT NULL,
	rule TEXT NOT NULL, policy TEXT NOT NULL, node TEXT NOT NULL, boot TEXT NOT NULL,
	start_us INT NOT NULL, start_mono_us INT NOT NULL,
	open_leaf INT NOT NULL UNIQUE,
	state TEXT NOT NULL DEFAULT 'open' CHECK(state IN('open','closed','lost')),
	end_us INT, reason TEXT, exit TEXT, bytes INT, frames INT, segments INT,
	chain BLOB CHECK(chain IS NULL OR length(chain)=32),
	close_leaf INT UNIQUE
) STRICT;
CREATE INDEX session_time ON session(start_us);
CREATE INDEX session_user ON session(user, start_us);
CREATE INDEX session_host ON session(host, start_us);
CREATE INDEX session_open ON session(id) WHERE state='open';
CREATE TRIGGER session_no_delete BEFORE DELETE ON session
BEGIN SELECT raise(ABORT, 'session is append-only'); END;
CREATE TRIGGER session_closes_once BEFORE UPDATE ON session
WHEN OLD.state<>'open' OR NEW.state='open' OR NEW.id<>OLD.id OR NEW.uuid<>OLD.uuid OR NEW.user<>OLD.user
	OR NEW.open_leaf<>OLD.open_leaf
BEGIN SELECT raise(ABORT, 'a session changes once: when it closes'); END;

-- Where a run of frames lies: bytes [off, off+len) of file.  Rows in order of arrival, so that the index alone is scattered.
CREATE TABLE segment(
	session_id INT NOT NULL REFERENCES session(id),
	no INT NOT NULL,
	pos0 INT NOT NULL, pos1 INT NOT NULL CHECK(pos1>pos0),
	frames INT NOT NULL,
	t0_ms INT NOT NULL, t1_ms INT NOT NULL,
	prev BLOB NOT NULL CHECK(length(prev)=32), hash BLOB NOT NULL CHECK(length(hash)=32),
	leaf INT NOT NULL UNIQUE,
	file TEXT NOT NULL, off INT NOT NULL, len INT NOT NULL,
	erased_us INT NOT NULL DEFAULT 0,
	PRIMARY KEY(session_id, no)
) STRICT;
CREATE TRIGGER segment_no_delete BEFORE DELETE ON segment
BEGIN SELECT raise(ABORT, 'segment is append-only'); END;
CREATE TRIGGER segment_no_update BEFORE UPDATE OF session_id, no, pos0, pos1, frames, prev, hash, leaf ON segment
BEGIN SELECT raise(ABORT, 'segment is append-only'); END;

-- One row a commit: all sessions' small chunks that are not in segments yet; trimmed behind.
CREATE TABLE journal(id INTEGER PRIMARY KEY AUTOINCREMENT, data BLOB NOT NULL) STRICT;

CREATE TABLE event(
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	t_us INT NOT NULL, mono_us INT NOT NULL, boot TEXT NOT NULL,
	class INT NOT NULL, activity INT NOT NULL, severity INT NOT NULL, ok INT NOT NULL CHECK(ok IN(0,1)),
	actor TEXT NOT NULL, session TEXT NOT NULL, host TEXT NOT NULL, src TEXT NOT NULL,
	text TEXT NOT NULL, detail TEXT NOT NULL,
	leaf INT NOT NULL UNIQUE
) STRICT;
CREATE INDEX event_time ON event(t_us);
CREATE INDEX event_session ON event(session) WHERE session<>'';
CREATE INDEX event_failed ON event(t_us) WHERE ok=0;
CREATE TRIGGER event_no_update BEFORE UPDATE ON event BEGIN SELECT raise(ABORT, 'event is append-only'); END;
CREATE TRIGGER event_no_delete BEFORE DELETE ON event BEGIN SELECT raise(ABORT, 'event is append-only'); END;

CREATE TABLE tile(level INT NOT NULL, n INT NOT NULL, h BLOB NOT NULL, PRIMARY KEY(level, n)) STRICT, WITHOUT ROWID;
CREATE TABLE tree(one INTEGER PRIMARY KEY CHECK(one=1), size INT NOT NULL) STRICT;
INSERT INTO tree VALUES(1, 0);
CREATE TABLE checkpoint(
	size INTEGER PRIMARY KEY, t_us INT NOT NULL,
	root BLOB NOT NULL CHECK(length(root)=32), note TEXT NOT NULL
) STRICT;
CREATE TRIGGER checkpoint_no_update BEFORE UPDATE ON checkpoint BEGIN SELECT raise(ABORT, 'append-only'); END;
CREATE TRIGGER checkpoint_no_delete BEFORE DELETE ON checkpoint BEGIN SELECT raise(ABORT, 'append-only'); END;

CREATE TABLE user(
	name TEXT PRIMARY KEY, display TEXT NOT NULL, groups TEXT NOT NULL,
	disabled INT NOT NULL CHECK(disabled IN(0,1)), created_us INT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE key(
	user TEXT NOT NULL REFERENCES user(name) ON DELETE CASCADE,
	alg TEXT NOT NULL, blob BLOB NOT NULL, comment TEXT NOT NULL, added_us INT NOT NULL,
	UNIQUE(blob, user)
) STRICT;
CREATE INDEX key_user ON key(user);
CREATE TABLE host(
	name TEXT PRIMARY KEY, addr TEXT NOT NULL, port INT NOT NULL, target_kind INT NOT NULL, trust_first INT NOT NULL,
	labels TEXT NOT NULL, logins TEXT NOT NULL, pins TEXT NOT NULL, aliases TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE code(
	hash BLOB PRIMARY KEY CHECK(length(hash)=32), user TEXT NOT NULL, expires_us INT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE factor(
	user TEXT PRIMARY KEY REFERENCES user(name) ON DELETE CASCADE,
	sealed BLOB NOT NULL, step INT NOT NULL, added_us INT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE policy_version(
	id INTEGER PRIMARY KEY AUTOINCREMENT, hash TEXT NOT NULL, body BLOB NOT NULL, actor TEXT NOT NULL, seen_us INT NOT NULL
) STRICT;
CREATE TRIGGER policy_no_update BEFORE UPDATE ON policy_version BEGIN SELECT raise(ABORT, 'append-only'); END;
CREATE TRIGGER policy_no_delete BEFORE DELETE ON policy_version BEGIN SELECT raise(ABORT, 'append-only'); END;
