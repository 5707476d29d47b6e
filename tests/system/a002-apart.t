#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
#
# What a machine and an account are given to do at each start does not reach the tests: here with a home whose startup files print
# and fail, whose clients are told to do otherwise, and with an environment to match.
top=${top_srcdir:-.}
. "$top/tests/lib.sh"
[ "$FORTRESS_APART" != no ] || skip_all "no mounts of its own"
home=$(getent passwd 0 | cut -d: -f6)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
mkdir -p "$dir/home/tree/tests" "$dir/home/.ssh"
for file in .bash_profile .bashrc .zshrc; do echo "echo from $file; exit 3" > "$dir/home/$file"; done
echo "Host *
	User nobody" | tee "$dir/home/.ssh/config" > "$dir/ssh_config"
echo "echo from profile" > "$dir/profile"
cp "$top"/tests/{apart,lib.sh,tap.py} "$dir/home/tree/tests" || exit 1
tree=$home/tree
cat > "$dir/home/tree/by-hand.t" <<'END'
. "${0%/*}/tests/lib.sh"
[ "$FORTRESS_APART" = "$(readlink /proc/self/ns/mnt)" ] && echo "apart $#:$1"
END
cat > "$dir/home/tree/by-hand.py" <<'END'
import os, sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(sys.argv[0]) + "/tests")
import tap
if os.environ["FORTRESS_APART"] == os.readlink("/proc/self/ns/mnt"): print(f"apart {len(sys.argv) - 1}:{sys.argv[1]}")
END
mount --bind "$dir/home" "$home" && mount --bind "$dir/ssh_config" /etc/ssh/ssh_config && mount --bind "$dir/profile" /etc/profile ||
	skip_all "cannot mount"
export FORTRESS_APART=mounts                     # of another life: it names no namespace
export HOME="$home" TMPDIR="$dir/none" BASH_ENV="$home/.bashrc" LC_ALL=C LANGUAGE=zh_CN KEEP="a  b"
cd /

user() { ssh -G there | sed -n 's/^user //p'; }
apart() { (unset BASH_ENV; exec "$tree/tests/apart" "$@" 2>/dev/null); }
is "$(env -u BASH_ENV bash -lc 'echo here')" "from profile
from .bash_profile" "a login shell runs what lies there"
for shell in "bash -lc" "bash -ic" "sh -lc" "zsh -ic"; do
	if command -v "${shell%% *}" >/dev/null
	then is "$(apart $shell 'echo here')" here "$shell: apart it does not"
	else skip "$shell" "not installed"
	fi
done
apart bash -c 'echo typed > ~/.bash_history; mkdir ~/.ssh'
[ ! -e "$home/.bash_history" ]; ok $? "nor does it write into that home"
is "$(user)" nobody "a client does what it is told there"
is "$(apart ssh -G there | sed -n 's/^user //p')" root "apart it does not"
is "$(apart ls -A "$home")" tree "of that home there is the tree alone"
is "$(cd "$tree/tests" && apart bash -c 'pwd; cd ..; ls; umask' | tr '\n' ' ')" "$tree/tests by-hand.py by-hand.t tests 0022 " "a test is where it was"
is "$(cd "$tree" && umask 077 && "$tree/tests/apart" bash -c 'umask; echo "${TMPDIR-none}:${BASH_ENV-none}:$LC_ALL:$HOME:$KEEP"' <&- | tr '\n' ' ')" \
	"0022 none:none:C.UTF-8:$home:a  b " "with a umask and an environment that are known, and what was asked of it"
is "$(trap '' INT PIPE; apart bash -c 'trap; echo .')" . "no signal is ignored"
is "$(apart readlink /proc/self/fd/0)" /dev/null "and nothing comes in"
is "$(env -u BASH_ENV bash "$tree/by-hand.t" "a  b")" "apart 1:a  b" "a test in bash that is started by hand is apart"
is "$(/usr/bin/python3 "$tree/by-hand.py" "a  b")" "apart 1:a  b" "so is one in python"
echo "1..$n"
