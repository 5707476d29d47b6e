-- SPDX-License-Identifier: BSD-2-Clause
-- Schema version 2: keys and users that end by themselves.  0: never.
ALTER TABLE user ADD COLUMN expires_us INT NOT NULL DEFAULT 0;
ALTER TABLE key ADD COLUMN expires_us INT NOT NULL DEFAULT 0;
