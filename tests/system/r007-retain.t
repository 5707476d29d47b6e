#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""RetainRecordings: what is too old goes, a month an hour, and nothing else; not for a clock that leaps; whatever is held stays; a kill in
the middle harms nothing; and recording goes on.  The store's clock is the test's (tests/system/faulty.c)."""
import calendar, json, os, random, shutil, signal, sqlite3, subprocess, sys, time

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import ok, end
from faults import *
from terminal import until

DAY = 86400; HOUR = 3600
START = int(calendar.timegm((2025, 1, 10, 12, 0, 0)) - time.time())      # its clock begins on 10 January 2025
KEEP = ("--retain", str(40 * DAY))
HOLD, RELEASE, ERASE, CLOCK = 1, 2, 3, 6
dice = random.Random(7)

class Kept(FaultyStore):
    def sql(self, text):
        db = sqlite3.connect(f"file:{self.state}/db/fortress.db?mode=ro", uri=True, timeout=20)
        try: return db.execute(text).fetchall()
        finally: db.close()
    def told(self, what): return [(ok, actor, json.loads(d), text) for ok, actor, d, text in self.sql(
        f"SELECT ok,actor,detail,text FROM event WHERE class=6002 AND json_valid(detail) AND detail->>'$.what'='{what}' ORDER BY id")]
    def gone(self): return [f[4:11] for f, in self.sql("SELECT file FROM gone ORDER BY at_us")]
    def files(self): return sorted(f[4:11] for f in os.listdir(f"{self.state}/db") if f.startswith("rec-"))
    def looked(self):
        """It has had its time to look: two ticks that are known of."""
        n = self.sql("SELECT count(*) FROM event")[0][0]
        for i in range(2): self.gate.ask("UPKEEP", "DIR_DONE", req=9, op=4, ok=1, actor="test", file="x"); time.sleep(0.3)
    def upkeep(self, **m): return self.gate.ask("UPKEEP", "DIR_DONE", req=5, actor="admin", **m)
    def record(self, n=1, size=3000):
        """n sessions, one after the other, closed."""
        front = self.front(); out = []
        for i in range(n):
            s = Session(front, len(out) + 1, dice); assert front.want("REC_OPENED", seconds=30)["ok"] == 1; s.opened = True
            for at in range(0, size, 60000):
                f = b"".join(frame(dice.randbytes(min(15000, size - at - i)), t_ms=at + i) for i in range(0, min(60000, size - at), 15000)); front.send("REC_DATA", rec=s.number, pos=len(s.sent), frames=f); s.sent += f
                while s.acked < len(s.sent): s.acked = front.want("REC_ACK", seconds=30)["pos"]
            front.send("REC_CLOSE", rec=s.number, pos=len(s.sent), reason="ended", exit="0"); front.want("REC_CLOSED", seconds=30); s.closed = True
            out.append(s)
        front.close(); return out
def fortress(store, *args): return subprocess.run([f"{build}/fortress", *args], env=dict(os.environ, FORTRESS_STATE=store.state, FORTRESS_LIBEXEC=build), capture_output=True, text=True)
def bytes_of(store, s):
    os.makedirs(f"{store.state}/keys", exist_ok=True); shutil.copy(f"{store.state}/key.pub", f"{store.state}/keys/checkpoint_ed25519.pub"); shutil.rmtree(f"{store.state}/pack", ignore_errors=True)
    fortress(store, "audit", "export", "--offline", "-o", f"{store.state}/pack")
    try: return open(f"{store.state}/pack/recordings/{ulid(s.id)}.frames", "rb").read()
    except OSError: return None
def verifies(store, what):
    r = fortress(store, "audit", "verify", "--db", "--key", f"{store.state}/key.pub"); ok(r.returncode == 0, f"{what}: the record verifies", r.stderr)
def again(store, **kw):
    """Another life on the same files, at the same time of its clocks."""
    ahead, mono, state = kw.pop("ahead", store.ahead()), store.mono(), store.state
    store.own = False; store.stop()
    return Kept(build, state, ahead=ahead, mono=mono, **kw)
def rebooted(store):
    """The machine was started anew: no clock has gone on from then to now."""
    db = sqlite3.connect(f"{store.state}/db/fortress.db", timeout=20); trigger, = db.execute("SELECT sql FROM sqlite_schema WHERE name='event_no_update'").fetchone()
    db.executescript(f"BEGIN; DROP TRIGGER event_no_update; UPDATE event SET boot='another'; {trigger}; COMMIT"); db.close()

store = Kept(build, more=KEEP, ahead=START)
try:
    jan = store.record(3); store.later(31 * DAY); feb = store.record(2); store.later(28 * DAY); mar = store.record(1)        # 10 March
    store.looked(); ok(store.files() == ["2025-01", "2025-02", "2025-03"] and store.gone() == [] and store.told("clock") == [], "not 40 days yet since January was over", store.files(), store.told("clock"))
    ok(store.upkeep(op=HOLD, session=ulid(jan[1].id), text="case 7")["ok"] == 1, "one of January is held")
    late = store.front(); s = Session(late, 1, dice); late.want("REC_OPENED")                # a session that is open while all this happens
    store.later(3 * DAY); ok(until(lambda: "2025-01" not in store.files()), "January goes on the 13th of March", store.files(), store.said())
    e = store.told("retention"); ok(len(e) == 1 and e[0][1] == "RetainRecordings" and e[0][2]["file"] == "rec-2025-01.seg" and e[0][2]["sessions"] == 2, "an event says so", e)
    ok(bytes_of(store, jan[1]) == jan[1].sent and bytes_of(store, jan[0]) == b"", "what is held is there, the rest is not")
    s.data(); ok(late.want("REC_ACK")["pos"] > 0, "who is recorded meanwhile notices nothing")
    store.looked(); ok(store.files() == ["2025-02", "2025-03"], "nothing else")
    verifies(store, "January")
    # A backlog: one an hour.
    store.later(60 * DAY); store.record()                                                    # 12 May: February and March are due
    ok(until(lambda: "2025-02" in store.gone()), "February"); store.looked(); ok(store.gone() == ["2025-01", "2025-02"], "one an hour, not all at once", store.gone())
    store.later(HOUR); ok(until(lambda: "2025-03" in store.gone()), "March, an hour later")
    ok(bytes_of(store, jan[1]) == jan[1].sent, "what is held has moved on"); verifies(store, "three months")

    # The clock.
    before = store.gone(); store.step(5 * 365 * DAY); ok(until(lambda: len(store.told("clock")) == 1), "a leap is on the record", store.said())
    e = store.told("clock"); ok(e[0][0] == 0 and "2030-05" in e[0][3], f"in words: {e[0][3]}", e)
    store.later(2 * HOUR); store.looked(); ok(store.gone() == before, "nothing is erased for it", store.gone())
    store = again(store, more=KEEP); store.looked(); ok(store.gone() == before and len(store.told("clock")) == 1, "nor in the next life, which knows it from the record", store.gone(), store.told("clock"))
    store.step(-5 * 365 * DAY); store.record(); store.later(2 * HOUR); store.looked(); ok(store.gone() == before, "nor when it is set back")
    store.step(-20 * 365 * DAY); young = store.record()[0]; store.later(2 * HOUR); store.looked(); ok(store.gone() == before and bytes_of(store, young) == young.sent, "nor when it goes back for years: what is written then is young")
    store.step(20 * 365 * DAY); ok(until(lambda: len(store.told("clock")) == 2), "to come from there is a leap too"); store.later(2 * HOUR); store.looked(); ok(store.gone() == before, "nothing is erased for that")
    store = again(store, more=KEEP, ahead=store.ahead() + 60 * DAY); ok(until(lambda: len(store.told("clock")) == 3), "a start months after the newest event is one"); store.later(2 * HOUR); store.looked(); ok(store.gone() == before, "nothing is erased for that either")
    r = store.upkeep(op=CLOCK); ok(r["ok"] == 1 and store.told("clock")[-1][:2] == (1, "admin"), "an administrator says that it is right", r)
    store.later(HOUR); ok(until(lambda: len(store.gone()) > len(before)), "and it goes on"); verifies(store, "leaps")
    late.close()
    store.own = True; store.stop()

    # Step by step.
    store = Kept(build, more=KEEP, ahead=START); store.record()
    for i in range(5):
        store.step(20 * DAY); store.record(); store.looked()
        if store.told("clock"): break
    ok(until(lambda: len(store.told("clock")) == 1) and i == 1, "a clock that is set forward in small steps has leapt, too", i, store.told("clock"))
    store.later(2 * HOUR); store.looked(); ok(store.gone() == [] and "2025-01" in store.files(), "nothing is erased for it", store.gone()); store.stop()

    # Start by start: each is less than what is a leap by itself.
    for boots in (False, True):
        store = Kept(build, more=KEEP, ahead=START); store.record()
        for i in range(5):
            if store.told("clock"): break
            store.end()
            if boots: rebooted(store)
            store = again(store, more=KEEP, ahead=store.ahead() + 20 * DAY); store.looked()
        ok(i == 2 and "from 2025-01-1" in store.told("clock")[0][3], f"a clock that another date is given at each start has leapt, too ({'of the machine' if boots else 'of the bastion'})", i, store.told("clock"))
        store.later(2 * HOUR); store.looked(); ok(store.gone() == [] and "2025-01" in store.files(), "nothing is erased for it", store.gone())
        store.upkeep(op=CLOCK); store.end()
        if boots: rebooted(store)
        store = again(store, more=KEEP, ahead=store.ahead() + 20 * DAY); store.looked(); ok(len(store.told("clock")) == 2, "said to be right, it is counted anew"); store.own = True; store.stop()
    # Off a third of the time.
    store = Kept(build, more=KEEP, ahead=START); store.record()
    for i in range(5):
        store.later(20 * DAY); store.looked(); store.end(); rebooted(store)
        store = again(store, more=KEEP, ahead=store.ahead() + 10 * DAY)
    store.looked(); ok(store.told("clock") == [] and "2025-01" in store.gone(), "a machine that is off now and then is believed", store.told("clock"), store.gone()); store.own = True; store.stop()

    # For ever, by default.
    store = Kept(build, ahead=START); store.record()
    for i in range(40): store.later(30 * DAY); store.looked() if i == 39 else store.record()
    ok(store.gone() == [] and "2025-01" in store.files(), "without RetainRecordings nothing is erased"); store.stop()

    # What is held cannot be read: the month stays, and recording does not suffer.
    store = Kept(build, more=KEEP, ahead=START); s = store.record()[0]; store.upkeep(op=HOLD, session=ulid(s.id), text="x")
    os.truncate(f"{store.state}/db/rec-2025-01.seg", 100); store.later(30 * DAY); store.record(); store.later(30 * DAY); store.record(); store.later(30 * DAY); store.record()
    ok(until(lambda: "not erased" in store.said()), f"a month whose held part is damaged: {store.said().strip().splitlines()[-1][:150]}"); store.record()
    ok(store.gone() == [] and "cannot write" not in store.said(), "stays, and recording goes on", store.said()); store.stop()

    # kill -9 in the middle: of moving what is held, of the commit, of taking the file away.
    for trial in range(4):
        store = Kept(build, more=KEEP, ahead=START); held = store.record(1, 22 << 20)[0]; store.record(1, 3 << 20); store.upkeep(op=HOLD, session=ulid(held.id), text="x")
        store.later(30 * DAY); store.record(); store.later(30 * DAY); store.record()         # 11 March
        lives = 0; store.later(3 * DAY)
        while lives < 8 and "2025-01" in store.files():
            time.sleep(dice.random() * 0.5); os.kill(store.proc.pid, signal.SIGKILL); store.proc.wait(); lives += 1
            store = again(store, more=KEEP)
        until(lambda: "2025-01" not in store.files()); good = bytes_of(store, held) == held.sent
        ok(good and store.gone() == ["2025-01"] and len(store.told("retention")) == 1, f"killed {lives} times: what is held is whole, and it is erased once", good, store.gone(), store.told("retention"), store.files())
        if trial == 0: verifies(store, "after that")
        store.own = True; store.stop()
finally:
    store.own = True; store.stop() if store.proc.poll() is None else None
end()
