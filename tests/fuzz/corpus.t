#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Every fuzzer meets its corpus again: once, without an engine's searching.
source=${top_srcdir:-.}/tests/fuzz
programs=${top_builddir:-.}/tests/fuzz
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
n=0
for file in "$source"/fuzz_*.c; do
	name=$(basename "$file" .c | sed 's/^fuzz_//')
	folder=$source/corpus/$name/
	n=$((n + 1))
	if "$programs/fuzz_$name" "$folder"* >"$log" 2>&1; then
		echo "ok $n - $name: $(ls "$folder" | wc -l) inputs"
	else
		echo "not ok $n - $name"
		sed 's/^/# /' "$log"
	fi
done
echo "1..$n"
