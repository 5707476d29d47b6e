#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""A connection where nothing happens sleeps: of thousands, most are like that.  What may take too long is still seen in time."""
import os, signal, subprocess, sys, time

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")

from tap import ok, needs_bastion, without, end
needs_bastion()
from bastion import Bastion
from terminal import Terminal

b = Bastion(build, "KernelAudit off\nRecordTimeout 2s\nGateTimeout 2s\n")

def sleeps(pid):
    """For how many ms its epoll_wait waits, 0 if it is not in one."""
    try: call = open(f"/proc/{pid}/syscall").read().split()
    except OSError: return 0
    if len(call) < 6: return 0
    ms = int(call[4], 16) & 0xffffffff
    return (1 << 31) if ms >> 31 else ms

def falls_asleep(pid):
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if sleeps(pid) > 5000: return True
        time.sleep(0.05)
    return False

try:
    open(f"/proc/{b.child('gate')}/syscall").read()
    readable = True
except OSError: readable = False

try:
    if not without(not readable, "sleeps", "/proc/PID/syscall cannot be read here"):
        t = Terminal(*b.ssh("fortress", "-tt"), "stty raw -echo; echo ready; exec cat")
        t.saw("ready"); front = next(iter(b.fronts()))
        ok(falls_asleep(front), "a session where nobody types sleeps for seconds", sleeps(front))
        t.send("key"); ok(t.saw("key"), "a key and its echo", t.out)
        ok(falls_asleep(front), "and it sleeps again", sleeps(front))

        store = b.child("store"); os.kill(store, signal.SIGSTOP)
        t.send("more")
        try:
            start = time.monotonic()
            ok(t.saw("the recorder does not answer") and time.monotonic() - start < 14, "a recorder that stopped meanwhile is noticed within RecordTimeout, not when it wakes", t.out[-300:])
        finally: os.kill(store, signal.SIGCONT)
        t.close()

        argv = b.ssh("fortress", "-tt"); argv[-1] = "bench@127.0.0.1"
        t = Terminal(*argv); t.saw("NAME"); b.wait(lambda: len(b.fronts()) == 1)
        ok(falls_asleep(next(iter(b.fronts()))), "so does one in front of the picker")
        t.close()

    # What the gate permitted it alone can take back, so nothing runs on without it.
    t = Terminal(*b.ssh("fortress", "-tt"), "stty raw -echo; echo ready; exec cat")
    t.saw("ready"); gate = b.child("gate"); os.kill(gate, signal.SIGSTOP)
    ok(t.saw("fortress: the bastion's gate is gone; the session ends [no-gate]"), "a gate that stands still: the session ends after GateTimeout, in words", t.out[-300:])
    t.close()
    b.wait(lambda: subprocess.run(b.ssh("fortress") + ["true"], stdin=subprocess.DEVNULL, capture_output=True).returncode == 0, 20)
    ok(b.child("gate") != gate, "and another gate serves")
    e = next(e for e in b.events() if e["text"].startswith("the gate stood still"))
    ok(e["class"] == 6002 and not e["ok"] and e["severity"] == 5, "it is on the record", e)
finally: b.stop()
end()
