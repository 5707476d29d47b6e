-- SPDX-License-Identifier: BSD-2-Clause
-- Schema version 7: many rows of the directory on their way in, a chunk for each step (db/bulk.h).
CREATE TABLE bulk(
	n INTEGER PRIMARY KEY, last INT NOT NULL CHECK(last IN(0,1)), actor TEXT NOT NULL, rows BLOB NOT NULL
) STRICT;
