-- SPDX-License-Identifier: BSD-2-Clause
-- Schema version 8: how far the clock has come without anybody having seen that time pass (store/retain.c).
CREATE TABLE clock(one INTEGER PRIMARY KEY CHECK(one=1), unseen_us INT NOT NULL) STRICT;
INSERT INTO clock VALUES(1, 0);
