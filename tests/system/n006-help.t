#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""fortress help prints the table of commands; fortress(1) and the completions say the same commands with the same options."""
import os, re, shutil, subprocess, sys

top, build = os.environ.get("top_srcdir", "."), os.path.abspath(os.environ.get("top_builddir", "build"))
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import ok, without, end

GLOBAL = {"state", "json", "csv"}

def table():
    """NOUN or NOUN VERB: the options that help names for it."""
    text = subprocess.run([f"{build}/fortress", "help"], capture_output=True, text=True).stdout
    rows = {}
    for row in re.split(r"^  fortress ", text.split("\n\nDIR is")[0], flags=re.M)[1:]:
        words = re.match(r"[a-z][a-z-]*( [a-z][a-z-]*)?(?=[ \n])", row).group()
        rows[words] = set(re.findall(r"--([a-z][a-z0-9-]*)", row))
    return rows

def page():
    """The same by the page's items; and what the text below each names, which several may share."""
    items, below, names = {}, {}, []
    open_ = False                                    # an item of the same text may follow
    for line in open(f"{top}/src/ctl/fortress.1").read().split(".Sh ENVIRONMENT")[0].split(".Ss The bastion")[1].splitlines():
        options = set(re.findall(r"Fl Fl ([a-z][a-z0-9-]*)", line))
        item = re.match(r"\.It Cm ([a-z][a-z-]*( [a-z][a-z-]*)?)(?= [A-Z]|$)", line)
        if item:
            names = names + [item.group(1)] if open_ else [item.group(1)]
            items.setdefault(item.group(1), set()).update(options)
        elif line.startswith(".Ss"):
            names = []
        open_ = bool(item)
        for name in names: below.setdefault(name, set()).update(options)
    return items, below

rows, (items, below) = table(), page()
every = set().union(*rows.values()) | GLOBAL
ok(len(rows) > 60 and rows["session ls"] >= {"user", "live"}, "help is a table of commands", sorted(rows))
ok(set(rows) == set(items), "fortress(1) has them all, and no other", set(rows) ^ set(items))
for name in rows:
    ok(rows[name] <= below.get(name, set()), f"and the options of {name}", rows[name] - below.get(name, set()))
    ok(items.get(name, set()) <= rows[name], f"help has those that the page gives {name}", items.get(name, set()) - rows[name])
ok(set().union(*below.values()) <= every, "the page speaks of no option that there is not", set().union(*below.values()) - every)

# What a shell completes behind "fortress NOUN " and "fortress NOUN VERB --": a line for each.
BASH = '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _fortress; printf "%s\\n" "${COMPREPLY[@]}"'
ZSH = ('compadd() { if [[ $1 == -a ]]; then print -l -- ${(P)2}; else print -l -- "$@"; fi }; _files() { }; '
       'file=$1; shift; words=("$@"); CURRENT=$#; . $file')
env = dict(os.environ, PATH=f"{build}:{os.environ['PATH']}", FORTRESS_STATE="/proc/none")
for shell, script, args in (("bash", "bash/fortress", ["-c", BASH]), ("zsh", "zsh/_fortress", ["-f", "-c", ZSH])):
    if without(not shutil.which(shell), shell, f"no {shell}"): continue
    def offered(*words):
        r = subprocess.run([shell, *args, "-", f"{top}/contrib/completion/{script}", "fortress", *words], env=env, cwd=build, capture_output=True, text=True, timeout=60)
        return {w for w in r.stdout.split() if w.startswith(words[-1])}
    nouns = {name.split()[0] for name in rows}
    lacking = nouns - offered("")
    ok(not lacking, f"{shell} completes the first word", lacking)
    for noun in sorted(nouns):
        verbs = {name.split()[1] for name in rows if name.startswith(noun + " ")}
        lacking = verbs - offered(noun, "")
        ok(not lacking, f"{shell} completes {noun}", lacking)
    short = [name for name in rows if not {f"--{o}" for o in rows[name]} <= offered(*name.split(), "--")]
    ok(not short, f"{shell} completes options", short)
end()
