#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Everything Fortress needs from Debian 12.   contrib/deps.sh [build|check|analyze]
#   build   what compiles and runs it (the default)
#   check   that, and the real clients, servers and tools that the tests use
#   analyze what make analyze looks with
set -eu

build='build-essential autoconf automake pkg-config
	libssh-dev libssh-4 libncurses-dev ncurses-base ncurses-term libpam0g-dev libsqlite3-dev libaudit-dev
	libseccomp-dev libzstd-dev libvterm-dev libssl-dev
	liboath-dev libqrencode-dev libcurl4-openssl-dev libarchive-dev libpango1.0-dev libcairo2-dev libfontconfig-dev fonts-dejavu-core curl openssh-client tzdata'
check='openssh-server openssh-sftp-server tmux mandoc auditd libpam-wrapper python3 procps
	putty-tools dropbear-bin sqlite3 oathtool python3-cryptography python3-paramiko python3-asyncssh rsync clang libclang-rt-14-dev git
	ansible-core sshfs lrzsz asciinema chromium poppler-utils zsh'

case ${1:-build} in
build) want=$build ;;
check) want="$build $check" ;;
analyze) want="$build clang clang-tidy cppcheck" ;;
*) echo "usage: contrib/deps.sh [build|check|analyze]" >&2; exit 2 ;;
esac

missing=
for p in $want; do
	case $(dpkg-query -W -f '${Status}' "$p" 2>/dev/null) in
	'install ok installed') ;;
	*) missing="$missing $p" ;;
	esac
done
# The network-facing library must have the fixes of 2025 and 2026.
level=$(dpkg-query -W -f '${Version}' libssh-4 2>/dev/null || echo 0)
dpkg --compare-versions "$level" ge 0.10.6-0+deb12u3 || missing="$missing libssh-4 libssh-dev"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then
	sudo=
elif command -v sudo >/dev/null; then
	sudo=sudo
else
	echo "deps.sh: these packages are missing and only root can install them:$missing" >&2
	exit 1
fi
echo "deps.sh: installing:$missing" >&2
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq
# A server that the tests start themselves must not be started by its package.
$sudo env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends $missing >/dev/null
