# SPDX-License-Identifier: BSD-2-Clause
# Completion for bash.  The words come from `fortress help`, which prints the command's own table.
_fortress()
{
	local cur=${COMP_WORDS[COMP_CWORD]} noun='' i word rest
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--state) ((i++)) ;;
		-*) ;;
		*) noun=${noun:-${COMP_WORDS[i]}} ;;
		esac
	done
	rest=$(fortress help 2>/dev/null | sed -n 's/^  fortress //p')
	if [ -z "$noun" ]; then
		word="$(printf '%s\n' "$rest" | cut -d' ' -f1 | sort -u) --state --json --csv"
	else
		word=$(fortress help "$noun" 2>/dev/null | tr ' []|' '\n\n\n\n' | grep -E '^--[a-z]' | sort -u)
		word="$word $(printf '%s\n' "$rest" | sed -n "s/^$noun \([a-z][a-z]*\).*/\1/p")"
		case $noun in
		replay) word="$word $(fortress session ls --csv 2>/dev/null | tail -n +2 | cut -d, -f1)" ;;
		session) word="$word $(fortress session ls --csv 2>/dev/null | tail -n +2 | cut -d, -f1)" ;;
		host) word="$word $(fortress host list --csv 2>/dev/null | tail -n +2 | cut -d, -f1)" ;;
		user|key|enroll) word="$word $(fortress user list --csv 2>/dev/null | tail -n +2 | cut -d, -f1)" ;;
		esac
	fi
	mapfile -t COMPREPLY < <(compgen -W "$word" -- "$cur")
	[ ${#COMPREPLY[@]} -gt 0 ] || mapfile -t COMPREPLY < <(compgen -f -- "$cur")
}
complete -F _fortress fortress
