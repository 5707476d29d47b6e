# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
# TAP for tests in bash.  shellcheck shell=bash
case ${FORTRESS_APART-} in
no|"$(readlink /proc/self/ns/mnt)") ;;
*) exec "$(dirname "${BASH_SOURCE[0]}")/apart" bash "$0" "$@" ;;
esac
n=0

ok() {                                  # ok STATUS NAME
	n=$((n + 1))
	if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; fi
}
is() {                                  # is GOT WANT NAME
	[ "$1" = "$2" ]; ok $? "$3"
	[ "$1" = "$2" ] || printf '%s\n' "got:  $1" "want: $2" | sed 's/^/# /'
}
has() {                                 # has TEXT PART NAME
	case $1 in *"$2"*) ok 0 "$3" ;; *) ok 1 "$3"; printf '# got: %s\n' "$1" ;; esac
}
skip() { n=$((n + 1)); echo "ok $n - $1 # SKIP $2"; }
skip_all() { echo "1..0 # SKIP $1"; exit 0; }
wait_for() {                            # wait_for COMMAND: until it is true, at most 60 s
	local i
	for i in $(seq 1200); do
		if eval "$1"; then return 0; fi
		sleep 0.05
	done
	return 1
}
free_ports() {                          # free_ports N: N different ones, which the kernel gives to no client and bastion.py to no test
	local p left=$1
	for p in $(shuf -i 30000-32767 -n 50); do
		[ "$left" -gt 0 ] || return 0
		(exec 3<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null || { echo "$p"; left=$((left - 1)); }
	done
}
