#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# NAME.policy with NAME.cases: every case holds, and the policy's printed form decides alike.  What begins with "# whole" is
# judged by the whole language, the others by what a bastion does.
# bad/NAME.policy: is refused, with the words of its first line.
top=${top_srcdir:-.}
fortress=${top_builddir:-.}/fortress
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
n=0
result()
{
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; sed 's/^/# /' "$dir/log"; fi
}
for policy in "$top"/tests/policy/*.policy; do
	name=$(basename "$policy" .policy)
	whole=$(sed -n '1s/^# whole.*/--whole/p' "$policy")
	"$fortress" policy test $whole "${policy%.policy}.cases" "$policy" >"$dir/log" 2>&1
	result $? "$name: $(tail -1 "$dir/log")"
	"$fortress" policy print "$policy" >"$dir/$name.policy" 2>"$dir/log" &&
		"$fortress" policy print "$dir/$name.policy" >"$dir/again" 2>>"$dir/log" && cmp "$dir/$name.policy" "$dir/again" >>"$dir/log" 2>&1
	result $? "$name: what was printed, read and printed again is the same"
	"$fortress" policy test $whole "${policy%.policy}.cases" "$dir/$name.policy" >"$dir/log" 2>&1
	result $? "$name: and decides alike"
	# Order must not matter for the verdict: the same statements from the last to the first.
	grep -v '^#' "$policy" | tac >"$dir/turned.policy"
	"$fortress" policy test $whole "${policy%.policy}.cases" "$dir/turned.policy" >"$dir/log" 2>&1
	result $? "$name: as it does with its statements in the other order"
done
# What stands in files of policy.d adds up, whatever they are called; an error names the file.
cp -r "$top"/tests/policy/include "$dir" && chmod -R u+w "$dir/include"
"$fortress" policy test "$dir/include/include.cases" "$dir/include/policy.conf" >"$dir/log" 2>&1
result $? "policy.d: $(tail -1 "$dir/log")"
mv "$dir/include/policy.d/10-bob.conf" "$dir/include/policy.d/90-bob.conf"
"$fortress" policy test "$dir/include/include.cases" "$dir/include/policy.conf" >"$dir/log" 2>&1
result $? "policy.d: in another order: $(tail -1 "$dir/log")"
echo 'role opps += { carol }' >"$dir/include/policy.d/95-typo.conf"
"$fortress" policy check "$dir/include/policy.conf" >"$dir/log" 2>&1
[ $? -eq 1 ] && grep -qF 'policy.d/95-typo.conf:1:6: role "opps" is only added to: did you mean ops?' "$dir/log"
result $? "policy.d: $(sed 's/.*: policy.d/policy.d/' "$dir/log")"
for policy in "$top"/tests/policy/bad/*.policy; do
	words=$(sed -n '1s/^# \(whole: \)\{0,1\}//p' "$policy")
	"$fortress" policy check $(sed -n '1s/^# whole.*/--whole/p' "$policy") "$policy" >"$dir/log" 2>&1
	[ $? -eq 1 ] && grep -qF -- "$words" "$dir/log" && grep -Eq "$(basename "$policy"):[0-9]+:[0-9]+: " "$dir/log"
	result $? "bad/$(basename "$policy"): $(head -1 "$dir/log" | sed 's/.*policy:/:/')"
done
# lint/NAME.policy: each of its lines "#! LINE WORDS" is a finding, and there are no others.
for policy in "$top"/tests/policy/lint/*.policy; do
	"$fortress" --state "$dir/none" policy lint "$policy" >"$dir/log" 2>&1
	[ $? -eq 1 ] && sed -n 's/^#! //p' "$policy" | while read -r line words; do
		grep -E "\.policy:$line:[0-9]+: " "$dir/log" | grep -qF -- ": $words" || { echo "not found: $line $words"; exit 1; }
	done >>"$dir/log" && [ "$(grep -c '^#! ' "$policy")" -eq "$(grep -c '\.policy:[0-9]*:[0-9]*: ' "$dir/log")" ]
	result $? "lint/$(basename "$policy"): $(tail -1 "$dir/log")"
done
# policy(5) says what a bastion loads.
available()
{
	sed -n '/^\.Sh AVAILABILITY/,/^\.Sh TOOLS/p' "$top/policy/policy.5" | sed -n "/^\.It $1/,/^\.It/p" | tr -cs 'a-z0-9-' '\n' | grep -qx -- "$2"
}
told()
{
	echo "$3" >"$dir/one.policy"
	if "$fortress" policy check "$dir/one.policy" >"$dir/log" 2>&1; then loads=0; else loads=1; fi
	if available "$1" "$2"; then says=0; else says=1; fi
	[ "$loads" -eq "$says" ]
	result $? "policy(5) on $2: $([ "$says" -eq 0 ] && echo loads || echo is not available yet)"
}
told obligations mfa 'require mfa for any any on any'
told obligations approval 'require approval 1 from :a for any any on any'
told obligations record 'require record io for any any on any'
told obligations ticket 'require ticket /x/ for any any on any'
told obligations notify 'require notify x for any any on any'
told obligations moderator 'require moderator :a for any any on any'
for verb in shell exec put get forward jump agent-forward x11 plugin fetch push watch join replay approve drill heal admin; do
	told verbs $verb "permit any $verb on any"
done
told conditions sha256 "command c sha256 $(printf '%064d' 0) { /bin/id }"
for option in 'timeout 1h' 'idle 1h' 'mem 1G' 'cpu 1s' 'procs 5' 'nofile 5' 'fsize 1M' 'parallel 5' 'stop_on_errors 2'; do
	told options "${option%% *}" "permit any exec on any options { $option }"
done
# All that a policy says is counted.
printf '%s\n' 'permit any shell on any' 'require mfa for any any on any' 'require ticket /x/ for any any on any' 'watch any on any match /x/ then alert' >"$dir/one.policy"
[ "$("$fortress" policy check "$dir/one.policy" 2>&1)" = "$dir/one.policy: good, 1 rule, 2 requirements, 1 watch" ]
result $? "policy check counts rules, requirements and watches"
# What is too much to be asked is said, not swallowed.
"$fortress" policy explain --file "$top/tests/policy/worked.policy" --groups x --argv alice exec db -- $(seq 257) >"$dir/log" 2>&1
[ $? -eq 1 ] && grep -q 'this cannot be asked: at most 256 words' "$dir/log"
result $? "explain of 257 words: $(head -1 "$dir/log")"
# A case that does not hold is seen: the tool can fail.
echo 'nobody shell web1 => permit' >"$dir/false.cases"
! "$fortress" policy test "$dir/false.cases" "$top/tests/policy/worked.policy" >"$dir/log" 2>&1
result $? "a case that does not hold fails"
echo "1..$n"
