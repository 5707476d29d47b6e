#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""How long it takes to go anywhere in a long recording, and to find a text in many.
usage: replay.py [seek [MEGABYTES [HOURS]] | grep [SESSIONS [BYTES]]]       default: both, 500 8 and 10000 4000
Needs a build (top_builddir) with tests/bench/bench_replay and tests/bench/make_record.  Peers: a player without keyframes, in the same
process; `grep -rFi` over the same lines in a file a session."""
import os, shutil, subprocess, sys, tempfile, time

build = os.path.abspath(os.environ.get("top_builddir", "build"))
dir = tempfile.mkdtemp(prefix="fortress-replay-", dir=os.environ.get("TMPDIR", "/tmp"))
env = dict(os.environ, FORTRESS_STATE=f"{dir}/state", FORTRESS_LIBEXEC=build)

def run(what, *argv, **kw):
    start, before = time.monotonic(), os.times()
    p = subprocess.run(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **kw)
    wall, now = time.monotonic() - start, os.times()
    cpu = now.children_user + now.children_system - before.children_user - before.children_system
    if what: print(f"{what:44} {wall:8.3f} s  {cpu:8.3f} s of CPU", flush=True)
    if p.returncode != 0 and p.stderr: sys.exit(p.stderr)
    return p.stdout, wall

def index():
    run("the index, made", f"{build}/fortress", "audit", "index")
    print(f"    {os.path.getsize(f'{dir}/state/index/text.db') / 1e6:.0f} MB of index, {sum(os.path.getsize(f'{dir}/state/db/{f}') for f in os.listdir(f'{dir}/state/db')) / 1e6:.0f} MB of database")

def seek(megabytes="500", hours="8"):
    os.makedirs(f"{dir}/state")
    run(f"a recording of {megabytes} MB and {hours} hours, made", f"{build}/tests/bench/bench_replay", "make", f"{dir}/state/db", megabytes, hours)
    index()
    print(run(None, f"{build}/tests/bench/bench_replay", "seek", f"{dir}/state/db", f"{dir}/state/index", "200")[0], end="")

def grep(sessions="10000", size="4000"):
    os.makedirs(f"{dir}/state")
    run(f"{int(sessions):,} recordings of {size} bytes, 100,000 events, made", f"{build}/tests/bench/make_record", f"{dir}/state", "100000", sessions, size)
    index()
    os.makedirs(f"{dir}/text")
    rows = subprocess.run(["sqlite3", "-separator", "\t", f"{dir}/state/index/text.db", "SELECT session, text FROM line ORDER BY session"], capture_output=True, text=True).stdout
    files = {}
    for row in rows.splitlines():
        session, _, text = row.partition("\t"); files.setdefault(session, []).append(text)
    for session, lines in files.items(): open(f"{dir}/text/{session}", "w").write("\n".join(lines) + "\n")
    print(f"    {sum(map(len, files.values())):,} lines")
    for text, more in (("systemctl restart", ()), ("dir-3e8", ()), ("9999: drwxr", ()), ("no such text", ()), ("drwx", ()), ("drwx", ("--user", "user7")), ("drwx", ("--user", "user7", "--host", "host1")), ("r-", ())):
        out, ours = run(f"audit grep {' '.join(more)} '{text}'", f"{build}/fortress", "audit", "grep", "--offline", *more, text)
        _, theirs = run(None, "grep", "-rFi", text, f"{dir}/text")
        print(f"    {max(0, len(out.splitlines()) - 1)} shown; grep -rFi: {theirs:.3f} s, {theirs / ours:.1f} times as long", flush=True)

try:
    what = sys.argv[1] if len(sys.argv) > 1 else None
    if what in (None, "seek"): seek(*sys.argv[2:])
    if what is None: shutil.rmtree(f"{dir}/state")
    if what in (None, "grep"): grep(*sys.argv[2:])
finally:
    shutil.rmtree(dir, ignore_errors=True)
