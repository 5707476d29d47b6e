#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""Does looking at recordings delay recording?  How long a keystroke takes there and back in a session that delivers nothing before it
is on disk (RecordStrict yes), without viewers and while some search through a long recording over ssh, in turns.
usage: readers.py [--viewers 10] [--keys 200] [--turns 4] [--megabytes 40]      as root; needs a build (top_builddir)"""
import argparse, os, subprocess, sys, threading, time

top, build = os.environ.get("top_srcdir", "."), os.path.abspath(os.environ.get("top_builddir", "build"))
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from bastion import pss
from clients import Clients
from screens import Screen

p = argparse.ArgumentParser()
for name, value in (("viewers", 10), ("keys", 200), ("turns", 4), ("megabytes", 40)): p.add_argument(f"--{name}", type=int, default=value)
o = p.parse_args()
b = Clients(build, conf="RecordStrict yes\n", policy="permit bench any on env=bench as root id bench\n")

def keys(s, n):
    """Milliseconds of n keystrokes to their echo."""
    out = []
    for i in range(n):
        letter = b"abcdefghij"[i % 10:i % 10 + 1]
        s.out = b""; start = time.monotonic(); s.type(letter)
        assert s.until(letter, 60); out.append((time.monotonic() - start) * 1000)
        time.sleep(0.01)
    s.type(b"\x15"); return out

class Viewer:
    """Searches for what is not there, again and again."""
    def __init__(self, id):
        self.s, self.n, self.over = Screen(b.argv("bastion", "replay", id, options=["-tt"])), 0, False
        assert self.s.until(b"? help", 60), self.s.out
        self.thread = threading.Thread(target=self.search, daemon=True); self.thread.start()
    def search(self):
        while not self.over:
            self.s.type(b"/nowhere%d\r" % self.n)
            if self.s.until(b"not found", 120): self.n += 1
    def stop(self): self.over = True; self.s.close()

def memory():
    """Megabytes that each program and its reader have together, on average."""
    pids = [q for p, n in b.children().items() if n.startswith("replay:") for q in (p, *b.children(p))]
    return pss(pids) / 1024 / o.viewers

def says(what, ms):
    ms = sorted(ms)
    print(f"{what:40} p50 {ms[len(ms) // 2]:7.1f} ms  p90 {ms[len(ms) * 9 // 10]:7.1f} ms  p99 {ms[len(ms) * 99 // 100]:7.1f} ms", flush=True)

try:
    b.mark()
    subprocess.run(b.argv("box", f"seq 1 100000000 | head -c {o.megabytes}000000"), stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, check=True)
    id = b.rows(1)[0]["id"]
    s = Screen(b.argv("box", options=["-tt"])); s.type(b"PS1=''; cat >/dev/null; echo be''gun\r"); time.sleep(1)
    quiet, busy, searches = [], [], 0
    for _ in range(o.turns):
        quiet += keys(s, o.keys // o.turns)
        viewers = [Viewer(id) for _ in range(o.viewers)]
        busy += keys(s, o.keys // o.turns); each = memory()
        for v in viewers: v.stop(); searches += v.n
    says("without viewers", quiet)
    says(f"while {o.viewers} search through {o.megabytes} MB", busy)
    print(f"    {searches} searches to the end and round again, {each:.1f} MB for each viewer, load {os.getloadavg()[0]:.1f}")
finally:
    b.stop()
