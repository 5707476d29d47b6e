#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""How much goes on the record: require record meta, io and full, at the terminal and without one; passwords never."""
import os, sys

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
import tap
from tap import ok
from clients import Clients, need
from terminal import Terminal, until
need()

BASE = "permit bench shell,exec,get,put on env=bench as root id work\n"
b = Clients(build, policy=BASE)
def typed(lines):
    """A session at a terminal in which these pairs of words and what they bring are typed; its recording: all, and input alone."""
    b.mark()
    t = Terminal(*b.argv("box", options=("-tt",)))
    t.saw("# ")
    for words, brings in lines: ok(t.alive(words, brings), f"typed: {words.strip()}", t.out[-300:])
    t.send("exit\r"); until(t.ended); t.close()
    (s,) = b.rows(1)
    return b.record(s), b.record(s, "--raw=in"), s
ASK = [("read -s -p pw-$((1+1)): x; echo got-${#x}\r", "pw-2:"), ("hidden-word\r", "got-11"), ("echo shown-$((40+2))\r", "shown-42")]

try:
    out, into, s = typed(ASK)
    ok(b"shown-42" in out and into == b"", "without a rule: what is shown, and of keys the count", out[-300:], into)
    b.reload(BASE + "require record full for any shell,exec on any id whole\n")
    out, into, s = typed(ASK)
    ok(b"shown-42" in out and b"echo shown-$((40+2))\r" in into, "full: what is typed, too", into)
    ok(b"hidden-word" not in into and b"hidden-word" not in out, "but nothing that is not shown", into)
    ok(any(e.get("record") == "full" and e["ok"] for e in b.audit(3003)), "the decision says so", b.audit(3003))
    b.mark(); r = b.on("box", "cat", stdin=b"by pipe"); (s,) = b.rows(1)
    ok(r.stdout == b"by pipe" and b.record(s, "--raw=in") == b"by pipe", "of a command its input", r)
    b.reload(BASE + "require record meta for any any on any id little\n")
    b.mark(); r = b.on("box", "cat; echo secret-out; echo secret-err >&2", stdin=b"secret-in"); (s,) = b.rows(1)
    ok(r.stdout == b"secret-insecret-out\n" and b"secret-err" in r.stderr, "meta: the session is the same", r)
    got = [b.record(s, f"--raw={x}") for x in ("out", "err", "in")]
    ok(got == [b"", b"", b""] and s["exit"] == "0" and s["command"].startswith("cat"), "its record has who, what, when and how it ended, and no content", got, s)
    out, into, s = typed([("echo shown-$((40+2))\r", "shown-42")])
    ok(out == b"" and into == b"", "at a terminal, too", out, into)
    # --- in the middle ---
    b.reload(BASE); t = Terminal(*b.argv("box", options=("-tt",))); ok(t.alive("echo in-$((40+2))\r", "in-42"), "a session", t.out)
    b.reload(BASE + "require record io for any any on any id usual\n")
    ok(t.alive("echo on-$((40+2))\r", "on-42"), "goes on when io is required, which it is", t.out)
    b.reload(BASE + "require record full for any any on any id whole\n")
    ok(until(t.ended) and "it has to be recorded otherwise" in t.out, "and ends when more is", t.out); t.close()
finally:
    b.stop()
tap.end()
