#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
#
# What root's shells run at their start does not reach the tests: here with a home whose startup files print and fail.
top=${top_srcdir:-.}
. "$top/tests/lib.sh"
[ "$FORTRESS_APART" = mounts ] || skip_all "no mounts of its own"
home=$(getent passwd 0 | cut -d: -f6)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
for file in .bash_profile .bashrc .zshrc; do echo "echo from $file; exit 3" > "$dir/$file"; done
touch "$dir/.bash_history"
mkdir "$dir/tests"
cp "$top"/tests/{apart,lib.sh,tap.py} "$dir/tests" 2>/dev/null  # the tree may lie in that home
cat > "$dir/by-hand.t" <<'E2'
. "${0%/*}/tests/lib.sh"
echo "$FORTRESS_APART $#:$1"
E2
cat > "$dir/by-hand.py" <<'E2'
import os, sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(sys.argv[0]) + "/tests")
import tap
print(os.environ["FORTRESS_APART"], f"{len(sys.argv) - 1}:{sys.argv[1]}")
E2
mount --bind "$dir" "$home" || skip_all "cannot mount"
unset FORTRESS_APART
export HOME="$home"
cd /

is "$(bash -lc 'echo here')" "from .bash_profile" "a login shell runs what lies there"
for shell in "bash -lc" "bash -ic" "sh -lc" "zsh -ic"; do
	if command -v "${shell%% *}" >/dev/null
	then is "$("$home/tests/apart" $shell 'echo here' </dev/null 2>/dev/null)" here "$shell: apart it does not"
	else skip "$shell" "not installed"
	fi
done
"$home/tests/apart" bash -ic 'history -s typed; history -a' </dev/null 2>/dev/null
is "$(cat "$home/.bash_history")" "" "nor does it write into its history"
is "$(bash "$home/by-hand.t" "a  b")" "mounts 1:a  b" "a test in bash that is started by hand is apart"
is "$(/usr/bin/python3 "$home/by-hand.py" "a  b")" "mounts 1:a  b" "so is one in python"
echo "1..$n"
