#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""The store under fire: a disk that fails in each way, kill -9, a power cut, a locked database, and it stopped.  Whatever happens, no
acknowledged byte is lost and no session is left without an end.  FORTRESS_LONG: 200 trials."""
import errno, os, random, shutil, signal, sqlite3, sys, time

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import ok, end
from faults import *

TRIALS = int(os.environ.get("FORTRESS_TRIALS", "200" if os.environ.get("FORTRESS_LONG") else "14"))
SEED = int(os.environ.get("FORTRESS_SEED", "0")) or random.SystemRandom().randrange(1 << 31)

def fail(kind, **how):
    """The disk fails for a while, and is well again."""
    def run(store, load, dice):
        store.faults(**how); began = store.failed()
        for _ in range(dice.randint(20, 80)): load.step()
        until = time.monotonic() + 5
        while store.failed() == began and time.monotonic() < until: load.step()
        store.faults(); late = resend(load)
        if late: return [("not acknowledged when the disk is well again", late[:3], store.said()[-300:])]
        return [] if store.failed() > began else [("the fault never struck",)]
    return kind, run

def killed(store, load, dice):
    os.kill(store.proc.pid, signal.SIGKILL); store.proc.wait(); load.hear(0.2)
    return []

def power(store, load, dice):
    """What the store says after the moment of the cut counts no more; what it said before does."""
    for _ in range(200):                               # in the middle of a commit, if one can be met
        load.step(); os.kill(store.proc.pid, signal.SIGSTOP)
        if unsynced(store): break
        os.kill(store.proc.pid, signal.SIGCONT)
    else: os.kill(store.proc.pid, signal.SIGSTOP)
    load.hear(0.05); load.image, load.lost = image(store, dice)
    os.kill(store.proc.pid, signal.SIGKILL); store.proc.wait()
    return []

def failing_and_killed(store, load, dice):
    store.faults(write=errno.EIO, sync=errno.EIO, one_in=3)
    for _ in range(30): load.step()
    return killed(store, load, dice)

def stopped(store, load, dice):
    os.kill(store.proc.pid, signal.SIGSTOP)
    for s in load.sessions:
        if s.opened: s.data()
    load.hear(0.3); before = [s.acked for s in load.all]; load.hear(0.2)
    bad = [] if before == [s.acked for s in load.all] else [("a store that is stopped acknowledges",)]
    os.kill(store.proc.pid, signal.SIGCONT)
    late = resend(load)
    return bad + ([("not acknowledged when it goes on", late[:3])] if late else [])

def locked(store, load, dice):
    c = sqlite3.connect(f"{store.state}/db/fortress.db", isolation_level=None, timeout=20); c.execute("BEGIN IMMEDIATE")
    before = [s.acked for s in load.all]
    for _ in range(20): load.step()
    c.execute("ROLLBACK"); c.close()
    late = resend(load, 60)
    return [("not acknowledged when the lock is gone", late[:3])] if late else []

KINDS = [fail("EIO", write=errno.EIO), fail("a full disk", write=errno.ENOSPC), fail("short writes", half=1), fail("syncs that fail", sync=errno.EIO), fail("a disk that fails now and then", write=errno.EIO, sync=errno.EIO, one_in=5),
         ("kill -9", killed), ("kill -9 while the disk fails", failing_and_killed), ("a power cut", power), ("SIGSTOP", stopped), ("a locked database", locked), ("a power cut", power), ("kill -9", killed)]

def trial(kind, run, seed):
    dice = random.Random(seed)
    store = FaultyStore(build, log=run is power); load = Load(store, dice); load.image, load.lost = None, 0
    try:
        load.hear(0.3)
        for _ in range(dice.randint(20, 300)): load.step()
        for _ in range(100):                                # something is there to be lost, however slow the store is
            if not any(s.acked for s in load.all): load.hear(0.1)
        bad = run(store, load, dice); alive = store.proc.poll() is None
        if alive:
            late = close(load)
            if late: bad.append(("sessions that do not end", late, store.said()[-300:]))
            if store.end() != 0: bad.append(("it did not end in order", store.said()[-500:]))
        bad += judge(build, load.image or store.state, load.all)
        return bad, sum(s.acked for s in load.all), load.lost
    finally:
        store.stop()
        if load.image: shutil.rmtree(load.image, ignore_errors=True)

print(f"# FORTRESS_SEED={SEED} FORTRESS_TRIALS={TRIALS}", flush=True)
lost = 0
for i in range(TRIALS):
    kind, run = KINDS[i % len(KINDS)]
    began = time.monotonic()
    try: bad, acked, undone = trial(kind, run, SEED + i)
    except Exception as e: bad, acked, undone = [("the trial broke", repr(e))], 0, 0
    lost += undone
    ok(not bad and acked > 0, f"{kind}: {acked} bytes were acknowledged" + (f", {undone} writes undone" if undone else "") + f", {time.monotonic() - began:.1f} s", SEED + i, *bad[:3])
if TRIALS >= 100: ok(lost > 0, f"power cuts took {lost} writes back that were not synced")
end()
