#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""The gate and sessions that run, between fronts, stores and sentries that do what ours never would."""
import os, socket, sys

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import ok, skip, end
if os.geteuid() != 0: skip("needs root")
from peers import *

POLICY = """permit alice any on env=bench as root id alice
permit bob watch, join on env=bench id bob
permit dora watch, admin on env=bench id dora
watch alice on any match /passw0rd/ then freeze id secret
require moderator bob for alice exec on any id two
"""
WATCH, PAUSE, SENTRY, PRESENT = 1, 3, 20, 21
def over(fd):
    s = socket.socket(fileno=os.dup(fd)); s.settimeout(5)
    try: return s.recv(10) == b""
    finally: s.close()

g = Gate(build, POLICY, [user(), key(), user("bob"), key("bob"), user("dora"), key("dora"), host(), host("other")])
try:
    # --- who may ask at all ---
    for what, values in (("LIVE_ASK", {"req": 1}), ("LIVE_DO", {"req": 1, "op": WATCH, "session": "S"})):
        f = g.front(); f.send(what, **values); ok(f.over() and g.alive(), f"{what} before a login ends its front alone", g.said())
    for op in (0, 9, SENTRY, PRESENT, 2**32 - 1):
        f = g.logged_in("bob"); f.send("LIVE_DO", req=1, op=op, session="S"); ok(f.over() and g.alive(), f"so does what nobody can do ({op})", g.said())
    alice, bob = g.logged_in("alice"), g.logged_in("bob")
    a = bob.ask("LIVE_DO", "LIVE_DONE", req=2, op=WATCH, session="S" * 27); ok(a["ok"] == 0 and b"not the id" in a["text"], "an id that is too long", a)
    a = bob.ask("LIVE_DO", "LIVE_DONE", req=2, op=WATCH, session="S", reason="x" * 201); ok(a["ok"] == 0 and b"200 bytes" in a["text"], "and a reason", a)

    # --- what the store says ---
    def do(f, rows, op=WATCH, req=3):
        f.send("LIVE_DO", req=req, op=op, session="S", term="xterm", hold=0)
        q = g.store.want("LIVE_ASK"); g.store.send("LIVE_ROWS", req=q["req"], rows=rows)
        return f.want("LIVE_DONE")
    a = do(bob, b""); ok(a["ok"] == 0 and b"no session" in a["text"], "no row is no session", a)
    a = do(bob, live_row(alice.conn) + live_row(alice.conn, "T" * 26)); ok(a["ok"] == 0 and b"more than one" in a["text"], "two are too many", a)
    a = do(bob, live_row(bob.conn)); ok(a["ok"] == 0 and b"just ended" in a["text"], "one that came by another's channel than its user's is none", a)
    a = do(bob, live_row(alice.conn)[:-3]); ok(a["ok"] == 0 and g.alive(), "half a row is none", a)
    g.events()
    a = do(bob, live_row(alice.conn))
    act = alice.want("LIVE_ACT"); n = len(alice.fds)
    s = g.monitor.want("SCREEN_START"); m = len(g.monitor.fds)
    ok(a["ok"] == 1 and act["op"] == WATCH and act["actor"] == b"bob" and n == 1 and s["conn"] == bob.conn and s["session"] == b"S" * 26 and m == 1,
       "each end goes where it belongs: to the session's front, and to the viewer's program", act, s)
    ok([v["session"] for k, v in g.events() if k == "EVENT" and v["class_uid"] == 1008 and v["ok"] == 1] == [b"S" * 26], "on the record")
    a = do(bob, live_row(alice.conn), PAUSE); ok(a["ok"] == 0 and b"not for admin" in a["text"], "to hold it up takes more", a)
    for i in range(15): do(bob, live_row(alice.conn)); alice.want("LIVE_ACT"); g.monitor.want("SCREEN_START")
    a = do(bob, live_row(alice.conn)); ok(a["ok"] == 0 and b"enough people" in a["text"], "no more than 16 look at one", a)
    bob.send("LIVE_LEFT", live=act["live"]); a = do(bob, live_row(alice.conn)); ok(a["ok"] == 0, "a viewer's front cannot say that somebody has left", a)
    alice.send("LIVE_LEFT", live=act["live"]); ok(g.alive() and do(bob, live_row(alice.conn))["ok"] == 1, "the session's can")
    last = alice.want("LIVE_ACT")["live"]; g.monitor.want("SCREEN_START")
    bob.send("LIVE_DO", req=9, op=WATCH, session="S"); bob.send("LIVE_DO", req=9, op=PAUSE, session="T")
    first, second = g.store.want("LIVE_ASK"), g.store.want("LIVE_ASK")
    alice.send("LIVE_LEFT", live=last)
    g.store.send("LIVE_ROWS", req=first["req"], rows=live_row(alice.conn)); a = bob.want("LIVE_DONE")
    g.store.send("LIVE_ROWS", req=second["req"]); z = bob.want("LIVE_DONE")
    ok(a["ok"] == 1 and a["text"] == b"watched" and b"no session" in z["text"], "of two questions under one number each has its own answer", a, z)
    alice.want("LIVE_ACT"); g.monitor.want("SCREEN_START")

    # --- sentries ---
    alice.send("LIVE_BEGUN", hold=77, session="X" * 26); ok(g.alive(), "a session that was never permitted is not looked at")
    d = alice.ask("DECIDE", "DECISION", req=4, verb="shell", host="box", hold=5); ok(d["permit"] == 1, "a shell", d)
    alice.send("LIVE_BEGUN", hold=5, session="W" * 26, cols=80, rows=24)
    act = alice.want("LIVE_ACT"); s = g.monitor.want("SENTRY_START")
    ok(act["op"] == SENTRY and s["conn"] == alice.conn and len(g.monitor.fds) == 2, "one with something to watch for is", act, s)
    sentry = Chan(socket.socket(fileno=os.dup(g.monitor.fds[1])))
    r = sentry.want("SENTRY_RULES"); ok(r["count"] == 1 and r["eres"][4:] == b"passw0rd" and (r["cols"], r["rows"]) == (80, 24), "its process is told what for", r)
    g.events()
    sentry.send("SENTRY_HIT", rule=0, line=b"passw0rd \x1b[2J\xff\r\n\"")
    e = g.store.want("EVENT")
    ok(b"\x1b" not in e["text"] + e["detail"] and b"secret" in e["text"] and e["severity"] == 4 and e["session"] == b"W" * 26, "what it saw is on the record, escaped", e)
    ok(alice.want("LIVE_ACT")["op"] == PAUSE, "and acted on")
    sentry.send("SENTRY_HIT", rule=1, line="x")
    ok(sentry.over() and g.alive() and g.events() == [], "one that sees what nobody asked for is let go")
    alice.send("LIVE_LEFT", live=act["live"], lost=1); e = g.store.want("EVENT")
    ok(b"nothing is watched for" in e["text"] and alice.want("LIVE_ACT")["op"] == PAUSE, "when its front says that the session goes on without it that is an alarm, and it is frozen", e)
    alice.send("LIVE_LEFT", live=act["live"], lost=1); ok(g.alive() and g.events() == [], "once")
    alice.send("LIVE_BEGUN", hold=5, session="W" * 26); ok(alice.over() and g.alive(), "a front whose session begins twice has to go")
    alice = g.logged_in("alice")

    # --- a second person for one thing is none for another ---
    d = alice.ask("DECIDE", "DECISION", req=5, verb="exec", host="box", command="id", hold=6, dial=1)
    ok(d["permit"] == 0 and d["lacks"] == 8 and d["ticket"] == 0, "without a second person there is no ticket", d)
    alice.send("LIVE_BEGUN", hold=6, session="M" * 26)
    do(bob, live_row(alice.conn, "M" * 26))
    acts = [alice.want("LIVE_ACT")["op"] for _ in range(2)]; ok(acts == [WATCH, PRESENT], "the second person is there", acts)
    for other in ({"command": "reboot", "hold": 6}, {"command": "id", "hold": 7}, {"command": "id", "hold": 6, "host": "other"}):
        d = alice.ask("DECIDE", "DECISION", req=6, **{"verb": "exec", "host": "box", "dial": 1, **other}); ok(d["permit"] == 0, f"but not for {other}", d)
    d = alice.ask("DECIDE", "DECISION", req=7, verb="exec", host="box", command="id", hold=6, dial=1); ok(d["permit"] == 1 and d["ticket"] != 0, "for what it is about there is", d)
    bob.close(); ok(alice.want("LIVE_ACT")["op"] == PRESENT + 1, "when the second person's connection ends the front is told")

    # --- who has the keyboard ---
    HAND, JOIN = 7, 2
    dora = g.logged_in("dora")
    def held():
        dora.send("LIVE_ASK", req=9); q = g.store.want("LIVE_ASK"); g.store.send("LIVE_ROWS", req=q["req"], rows=live_row(alice.conn, "H" * 26))
        return dora.want("LIVE_ROWS")["rows"]
    for first in ("his connection ends before the session's front has seen him go", "the session's front sees him go first"):
        bob = g.logged_in("bob"); do(bob, live_row(alice.conn, "H" * 26), JOIN); act = alice.want("LIVE_ACT"); g.monitor.want("SCREEN_START")
        dora.send("LIVE_DO", req=8, op=HAND, session="H" * 26, to="bob"); q = g.store.want("LIVE_ASK"); g.store.send("LIVE_ROWS", req=q["req"], rows=live_row(alice.conn, "H" * 26))
        ok(dora.want("LIVE_DONE")["ok"] == 1 and alice.want("LIVE_ACT")["op"] == HAND and b"typed by bob" in held(), "bob has it")
        if "before" in first: bob.close(); g.alive(); alice.send("LIVE_LEFT", live=act["live"])
        else: alice.send("LIVE_LEFT", live=act["live"]); g.alive(); bob.close()
        ok(g.alive() and b"typed by" not in held(), f"and not when {first}", held())
finally:
    g.stop()
end()
