-- SPDX-License-Identifier: BSD-2-Clause
-- Schema version 6: a month's parts are found without reading all of them, so that erasing it holds nobody up.
CREATE INDEX segment_file ON segment(file, off);
