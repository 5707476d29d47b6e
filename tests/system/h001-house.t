#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
# The house rules that a machine can check: who leans on whom, one home for each foreign library,
# pages that lint, and a HACKING that names what exists.
cd "${top_srcdir:-.}" || exit 1
n=0 failed=0
ok()
{
	n=$((n + 1))
	if [ -z "$1" ]; then
		echo "ok $n - $2"
	else
		failed=1
		echo "not ok $n - $2"
		echo "$1" | sed 's/^/# /'
	fi
}
# includes FOLDER PATTERN: local includes of the folder's files that match
includes() { grep -nE "^#include \"($2)/" "$1"/*.[ch] 2>/dev/null; }

# Each folder of src is a process, but for the libraries.
processes=$(ls -d src/*/ | cut -d/ -f2 | grep -vxE 'base|cert|msg')
all=$(echo $processes | tr ' ' '|')
ok "$(includes src/base "cert|msg|policy|db|ui|$all")" "base leans on nothing of ours"
ok "$(includes src/cert "msg|policy|db|ui|$all")" "cert leans on base alone"
ok "$(includes src/msg "cert|policy|db|ui|$all")" "msg leans on base alone"
ok "$(includes policy "msg|db|ui|$all")" "policy leans on base alone"
ok "$(includes db "policy|ui|$all")" "db leans on no process"
ok "$(includes ui "policy|$all")" "ui leans on no process"
for p in $processes; do
	others=$(echo "$processes" | grep -v "^$p\$" | paste -sd'|')
	ok "$(includes "src/$p" "$others")" "$p includes no other process"
done
home() { grep -rlE "#include <($1)" src ui policy db | grep -vE "^($2)/"; }
ok "$(home 'curses.h|ncurses' ui)" "curses lives in ui"
ok "$(home 'vterm.h' ui)" "libvterm lives in ui"
ok "$(home 'sqlite3.h' db)" "sqlite3 lives in db"
ok "$(home 'libssh/' 'src/front|src/agent')" "libssh lives in front and agent"
ok "$(home 'security/|libaudit.h' src/monitor)" "PAM and libaudit live in monitor"
ok "$(home 'curl/' src/notify)" "libcurl lives in notify"
ok "$(home 'archive' src/ctl)" "libarchive lives in ctl"
ok "$(home 'cairo|pango|fontconfig' src/report)" "cairo and pango live in report"
ok "$(home "linux/landlock|linux/filter" src/base)" "what a sandbox is made of lives in base"
ok "$(home "liboath/|qrencode" src/gate)" "one-time codes and their pictures live in gate"
ok "$(for f in $(git ls-files '*.[ch]' 2>/dev/null || find src ui policy db tests -name '*.[ch]'); do
	head -3 "$f" | grep -q 'SPDX-License-Identifier: BSD-2-Clause' || echo "$f"; done)" "every source says its licence"
if command -v mandoc >/dev/null; then
	ok "$(mandoc -Tlint -Wwarning $(find src ui policy db -name '*.[1578]') 2>&1)" "every page lints"
else
	n=$((n + 1)); echo "ok $n - # SKIP no mandoc"
fi
ok "$(grep -oE '\b(src|policy|db|ui|tests|monitor|front|gate|store|ctl|msg|base)/[a-z_]+\.[chy]' HACKING | sort -u |
	while read -r f; do [ -f "$f" ] || [ -f "src/$f" ] || echo "$f"; done)" "HACKING names files that exist"
# A list of a local.mk, one word a line with its variable before it.
words() { sed -e ':a' -e '/\\$/{N;s/\\\n//;ba' -e '}' "$1" | awk -v f="$1" '$2 ~ /^\+?=$/ { for (i = 3; i <= NF; i++) print f, $1, $i }'; }
ok "$(for f in tests/*.py tests/*/*.py tests/*/*.t tests/ui/*.t[xs][tv] tests/policy/*.policy tests/policy/*.cases; do
	cat tests/local.mk tests/*/local.mk | tr ' \t' '\n\n' | grep -qxE "(%D%|$(dirname "$f"))/$(basename "$f")" || echo "$f"; done)" "what the tests are and read is in the tarball"
ok "$(for f in */local.mk */*/local.mk; do words "$f"; done | sort | uniq -d)" "and in no list twice"
echo "1..$n"
exit $failed
