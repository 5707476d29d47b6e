-- SPDX-License-Identifier: BSD-2-Clause
-- Schema version 3: what is known of a group besides its members, and users' attributes ("team=pay site=hz").
ALTER TABLE user ADD COLUMN attrs TEXT NOT NULL DEFAULT '';
CREATE TABLE usergroup(name TEXT PRIMARY KEY, description TEXT NOT NULL) STRICT, WITHOUT ROWID;
