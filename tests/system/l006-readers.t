#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""The gate and recordings that are looked at, between fronts, stores and readers that do what ours never would: nothing is
started before it is on the record, and what reads ends when the gate lets go of it."""
import os, socket, sys

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import ok, skip, end
if os.geteuid() != 0: skip("needs root")
from peers import *

POLICY = "permit bob replay on env=bench as root id bob\n"
REPLAY, EXPORT = 30, 31
def row(id, **values): return live_row(0, id, **values)
A, B = "A" * 26, "B" * 26

g = Gate(build, POLICY, [user(), key(), user("bob"), key("bob"), host()])
req = 100
def ask(f, *rows, **values):
    """Asks for a recording (or two); the store finds these rows."""
    global req
    req += 1
    f.send("REPLAY_ASK", **{"req": req, "op": REPLAY, "hold": req, "session": A, "term": "xterm", **values})
    for r in rows:
        q = g.store.want("LIVE_ASK"); g.store.send("LIVE_ROWS", req=q["req"], rows=r)
    return req
try:
    # --- who may ask, and what ---
    f = g.front(); f.send("REPLAY_ASK", req=1, op=REPLAY, hold=1, session=A); ok(f.over() and g.alive(), "before a login it ends its front alone", g.said())
    for bad in ({"op": 0}, {"op": 1}, {"op": 29}, {"op": 2**32 - 1}, {"hold": 0}):
        f = g.logged_in("bob"); f.send("REPLAY_ASK", **{"req": 1, "op": REPLAY, "hold": 1, "session": A, **bad}); ok(f.over() and g.alive(), f"so does {bad}", g.said())
    alice, bob = g.logged_in("alice"), g.logged_in("bob")
    for bad in ({"session": "A" * 27}, {"session": ""}, {"options": "x" * 256}, {"other": "B" * 27}):
        ask(bob, **bad); d = bob.want("DECISION"); ok(d["permit"] == 0 and d["reason"], f"what cannot be one is refused: {list(bad)[0]}", d)

    # --- no, in the same words ---
    answers = {}
    for what, f, rows in (("none", bob, b""), ("two", bob, row(A) + row(B)), ("another host", bob, row(A, host="gone")), ("another login", bob, row(A, login="other")),
                          ("no permit", alice, row(A)), ("half a row", bob, row(A)[:-3])):
        ask(f, rows); d = f.want("DECISION")
        answers[what] = {k: v for k, v in d.items() if k != "req"}
    ok(all(a == answers["none"] and a["permit"] == 0 for a in answers.values()), "none, two, a host that is gone, no permit: one answer, to the last field", answers)
    ok(g.monitor.quiet("SCREEN_START"), "nothing is started for them")
    # --- on the record first ---
    bob.close(); bob = g.logged_in("bob"); g.events()
    n = ask(bob, row(A))
    e = None
    while e is None or e["class_uid"] != 1008: e = g.store.want("EVENT")
    ok(e["req"] != 0 and e["sign"] == 1 and e["session"] == A.encode() and e["actor"] == b"bob" and b"alice" in e["text"] and e["host"] == b"box", "that somebody reads is an event", e)
    ok(g.monitor.quiet("SCREEN_START") and bob.quiet(), "until it is durable nothing is started, and nobody is told yes")
    g.store.send("EVENT_DONE", req=e["req"], ok=1)
    s, d = g.monitor.want("SCREEN_START"), bob.want("DECISION")
    ok(d["permit"] == 1 and d["req"] == n and s["op"] == REPLAY and s["conn"] == bob.conn and s["req"] == n and s["session"] == A.encode() and s["other"] == b"" and len(g.monitor.fds) == 1,
       "then it is", d, s)
    reader = Chan(socket.socket(fileno=os.dup(g.monitor.fds[0]))); os.close(g.monitor.fds.pop())

    # --- the reader ---
    reader.send("REPLAY_READ", which=0, t_ms=61000); reader.send("REPLAY_READ", which=0, t_ms=1000)
    bob.send("RELEASE", hold=n)
    ok(reader.over(), "what reads ends when the front has let it go")
    e = g.store.want("EVENT"); ok(b"0:01:01 of it were handed out" in e["text"] and b'"read_ms":61000' in e["detail"], "and how far it got is on the record: the farthest", e)
    def started(**values):
        n = ask(bob, *([row(A), row(B)] if "other" in values else [row(A)]), **values)
        for _ in range(2 if "other" in values else 1):
            e = None
            while e is None or e["req"] == 0: e = g.store.want("EVENT")
            g.store.send("EVENT_DONE", req=e["req"], ok=1)
        g.monitor.want("SCREEN_START"); ok(bob.want("DECISION")["permit"] == 1, "another")
        c = Chan(socket.socket(fileno=os.dup(g.monitor.fds[0]))); os.close(g.monitor.fds.pop())
        return n, c
    n, reader = started()
    reader.send("REPLAY_READ", which=1, t_ms=1); ok(reader.over() and g.alive(), "one that reads what it was not given is let go")
    n, reader = started()
    reader.sock.send(pack("RELOAD", req=1)); ok(reader.over() and g.alive(), "and one that says what it has no words for")
    n, reader = started(other=B)
    reader.close(); left = [g.store.want("EVENT") for _ in range(2)]
    ok({e["session"] for e in left if b"has left" in e["text"]} == {A.encode(), B.encode()} and g.alive(), "one that dies has left, both that it read", left)
    n, reader = started()
    bob.close(); ok(reader.over() and g.alive(), "what reads ends with the connection")
    bob = g.logged_in("bob")
    n, reader = started()
    open(f"{g.dir}/policy.conf", "w").write("permit alice any on any as root id alice\n")
    g.monitor.send("RELOAD", req=9); g.monitor.want("RELOADED")
    m = bob.want("REVOKED"); ok(m["hold"] == n and m["verb"] == b"replay" and reader.over(), "and with its permit, whatever the front does", m)
    open(f"{g.dir}/policy.conf", "w").write(POLICY); g.monitor.send("RELOAD", req=9); g.monitor.want("RELOADED"); bob.send("RELEASE", hold=n)

    # --- not on the record, not shown ---
    g.events(); n = ask(bob, row(A))
    e = None
    while e is None or e["req"] == 0: e = g.store.want("EVENT")
    g.store.send("EVENT_DONE", req=e["req"], ok=0)
    d = bob.want("DECISION"); ok(d["permit"] == 0 and b"cannot be recorded" in d["reason"] and g.monitor.quiet("SCREEN_START"), "what the store does not keep is not shown", d)
    n = ask(bob, row(A))
    e = None
    while e is None or e["req"] == 0: e = g.store.want("EVENT")
    bob.send("RELEASE", hold=n); bob.ask("LIVE_DO", "LIVE_DONE", req=2, op=1, session="S" * 27)      # it has been heard
    g.store.send("EVENT_DONE", req=e["req"], ok=1); ok(g.monitor.quiet("SCREEN_START"), "what was given up meanwhile is not started")

    # --- an answer is for the question that it is to ---
    n = req = req + 1; ids = []
    for id in (A, B):                # the same number again, while the store looks for the first
        bob.send("REPLAY_ASK", req=n, op=REPLAY, hold=n, session=id, term="xterm"); ids.append(g.store.want("LIVE_ASK")["req"])
        if id == A: bob.send("RELEASE", hold=n)
    for q, id in zip(ids, (A, B)): g.store.send("LIVE_ROWS", req=q, rows=row(id))
    ok(g.alive(), "one number for two questions")
    e = [v for k, v in g.events() if k == "EVENT" and v["req"] != 0]
    ok([v["session"] for v in e] == [B.encode()], "what the store says of one that was given up is not taken for the other's", e)
    for v in e: g.store.send("EVENT_DONE", req=v["req"], ok=1)
    s = g.monitor.want("SCREEN_START"); ok(s["session"] == B.encode() and bob.want("DECISION")["permit"] == 1 and g.monitor.quiet("SCREEN_START"), "one reader is started, for that one", s)
    bob.send("RELEASE", hold=n)

    # --- so many ---
    for _ in range(11): req += 1; bob.send("REPLAY_ASK", req=req, op=EXPORT, hold=req, session=A)
    d = bob.want("DECISION"); ok(d["permit"] == 0 and d["req"] == req and b"as many recordings" in d["reason"], "ten at once are one user's, questions too", d)
finally:
    g.stop()
end()
