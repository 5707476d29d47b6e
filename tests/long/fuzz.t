#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Every fuzzer searches for FUZZ_SECONDS (60) from its corpus on, with libFuzzer and the sanitizers, in a build of its own.
# What it finds stays in the current directory as crash-*, to become a file of the corpus.
src=$(cd "${top_srcdir:-.}" && pwd)
here=$PWD
seconds=${FUZZ_SECONDS:-60}
command -v clang >/dev/null || { echo "1..0 # SKIP no clang"; exit 0; }
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM

cd "$dir" || exit 1
fuzzers=$(cd "$src/tests/fuzz" && ls fuzz_*.c | sed 's/\.c$//')
build() {
	"$src/configure" -q --enable-fuzz --enable-sanitize CC=clang CFLAGS='-O1 -g' &&
		make -s $(printf 'tests/fuzz/%s ' $fuzzers)
}
if ! MAKEFLAGS='' build >log 2>&1; then
	sed 's/^/# /' log | tail -20
	echo "Bail out! the fuzzers do not build"
	exit 1
fi
n=0
for f in $fuzzers; do
	n=$((n + 1)) name=${f#fuzz_}
	mkdir -p "found/$name"
	if "tests/fuzz/$f" -max_total_time="$seconds" -max_len=65536 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix="$here/crash-$name-" "found/$name" "$src/tests/fuzz/corpus/$name" >log 2>&1; then
		echo "ok $n - $name: $(sed -n 's/stat::number_of_executed_units: *//p' log) inputs in $seconds s"
	else
		tail -30 log | sed 's/^/# /'
		echo "not ok $n - $name"
	fi
done
echo "1..$n"
