#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""The gate between peers that do what ours never would: it stays, and they go."""
import os, resource, signal, sys

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import ok, skip, end, memory, sanitizers, without
if os.geteuid() != 0: skip("needs root")
from peers import *

POLICY = "permit alice any on env=bench as root id bench\n"

g = Gate(build, POLICY, [user(), key(), host(), host("first", addr="127.0.0.2", trust_first=1)])
try:
    # --- Sizes: what the store would not take never leaves, and its sender is told. ---
    f = g.logged_in(); ok(True, "a front logs its user in by key")
    f.send("DECIDE", req=1, verb="v" * 50000, host="box")
    ok(f.over() and g.alive(), "a front with a verb of 50 kB is gone, the gate is not", g.said())
    f = g.logged_in()
    g.events()
    for what in ("host", "login", "to", "listen"):
        a = f.ask("DECIDE", "DECISION", req=2, **{"verb": "shell", "host": "box", what: "h" * 50000})
        ok(a["req"] == 2 and a["permit"] == 0 and b"too long" in a["reason"], f"a {what} of 50 kB is refused in words", a)
    ok(sum(n == "EVENT" and v["class_uid"] == 3003 and v["ok"] == 0 and len(pack(n, **v)) < 2000 for n, v in g.events()) == 4,
       "each is on the record, shortened")
    a = f.ask("DECIDE", "DECISION", req=3, verb="exec", host="box", command="\x01" * 70000)
    ok(a["permit"] == 1 and g.alive(), "a command of 70 kB is decided", a, g.said())
    a = f.ask("DECIDE", "DECISION", req=4, verb="shell", host="first", dial=1)
    for alg, blob in (("x" * 15000, key_blob()), ("ssh-rsa", b"k" * 15000), ("ssh-rsa\nssh-dss", key_blob())):
        p = f.ask("PIN", "PINNED", ticket=a["ticket"], alg=alg, blob=blob)
        ok(p["ok"] == 0 and len(p["reason"]) > 5 and g.alive(), f"a first key of {len(alg)} and {len(blob)} bytes is refused in words", p, g.said())
    def ticket(f): return f.ask("DECIDE", "DECISION", req=5, verb="shell", host="first", dial=1)["ticket"]
    t = ticket(f)
    f.send("PIN", ticket=t, alg="ssh-ed25519", blob=key_blob())
    sent = g.store.want("DIR_HOST")
    f.ask("HOSTS_ASK", "HOST_ROWS")
    f2 = g.logged_in()
    t2 = ticket(f2)
    p = f2.ask("PIN", "PINNED", ticket=t2, alg="ssh-ed25519", blob=key_blob(b"2"))
    ok(p["ok"] == 0 and b"another connection" in p["reason"], "while a first key is on its way there is no second", p)
    g.store.send("DIR_DONE", req=sent["req"], ok=0, text="the disk is full")
    p = f.want("PINNED")
    ok(p["ticket"] == t and p["ok"] == 0 and p["reason"] == b"the disk is full", "whoever waits is told by the ticket's number, whatever was asked meanwhile", p, t)
    f.send("PIN", ticket=t, alg="ssh-ed25519", blob=key_blob())
    sent = g.store.want("DIR_HOST")
    ok(sent["name"] == b"first", "after a failure the key may come again")
    f.close()
    p = f2.ask("PIN", "PINNED", ticket=t2, alg="ssh-ed25519", blob=key_blob(b"2")) if g.alive() else {}
    ok(p.get("ok") == 0 and b"another connection" in p["reason"], "it is still on its way when its front has gone", p)
    g.store.send("DIR_DONE", req=sent["req"], ok=0, text="the disk is full")
    f2.send("PIN", ticket=t2, alg="ssh-ed25519", blob=key_blob(b"2")) if g.alive() else None
    sent = g.store.want("DIR_HOST")
    g.store.send("DIR_DONE", req=sent["req"], ok=1)
    ok(sent["pins"].startswith(b"ssh-ed25519 AAAA") and f2.want("PINNED")["ok"] == 1, "and if the store did not take it, another's may come")
    p = f2.ask("PIN", "PINNED", ticket=ticket(f2), alg="ssh-ed25519", blob=key_blob())
    ok(p["ok"] == 0 and b"pinned already" in p["reason"], "then it is pinned", p)
    c = g.ctl()
    most = 19000 // 61
    name, row = host("big", logins=",".join("l%03d" % i + "x" * 56 for i in range(most // 2)), aliases=",".join("a%03d" % i + "y" * 56 for i in range(most // 2)))
    c.send(name, req=7, **row)
    sent = g.store.want("DIR_HOST")
    ok(sent["actor"] == b"root" and sent["logins"] == row["logins"].encode(), "a large row goes to the store with its actor")
    g.store.send("DIR_DONE", req=sent["req"], ok=1)
    ok(c.want("DIR_DONE")["ok"] == 1, "and its administrator is told")
    row["pins"] = "ssh-ed25519 " + "p" * (20000 - len(pack(name, req=7, **row)) - 13)
    c.send(name, req=8, **row)
    ok(c.over() and g.alive(), "one that would not fit with the actor ends its sender alone", g.said())

    # --- PAM: the monitor's word, not the front's. ---
    def claims(f, raw, method): return f.ask("LOGIN", "LOGIN_ANSWER", raw=raw, method=method)
    def vouch(f, user, methods): return g.monitor.ask("VOUCH", "VOUCHED", conn=f.conn, user=user, methods=methods)["conn"] == f.conn
    g.events()
    for method in ("keyboard-interactive", "password"):
        a = claims(g.front(), "alice", method)
        ok(a["ok"] == 0 and a["user"] == b"", f"nobody is let in because a front says {method!r}", a)
    ok(sum(n == "EVENT" and v["class_uid"] == 3002 and v["ok"] == 0 for n, v in g.events()) == 2, "each is on the record")
    for method in ("none", ""):
        f = g.front()
        f.send("LOGIN", raw="alice", method=method)
        ok(f.over() and g.alive(), f"a front that says {method!r} is gone")
    f, other = g.front(), g.front()
    ok(vouch(f, "alice", 1), "the monitor vouches for a connection, and the gate says that it heard")
    ok(claims(other, "alice", "keyboard-interactive")["ok"] == 0, "another connection gains nothing by it")
    ok(claims(f, "alice+root+box", "password")["ok"] == 0, "nor a method that is not configured")
    ok(claims(f, "alice+root+box", "keyboard-interactive")["ok"] == 1, "whom PAM let in is let in")
    f = g.front()
    ok(vouch(f, "alice", 1) and claims(f, "bob", "keyboard-interactive")["ok"] == 0, "and nobody else")
    f = g.front()
    ok(vouch(f, "alice", 3) and claims(f, "alice", "password")["ok"] == 1, "by password where that is configured")
    f = g.front()
    ok(vouch(f, "bob", 3) and claims(f, "bob", "password")["ok"] == 0, "but nobody who is not in the directory")
    g.monitor.send("VOUCH", conn=4711, user="alice", methods=3)
    ok(g.monitor.want("VOUCHED")["conn"] == 4711 and g.alive(), "a connection that has gone meanwhile is answered all the same")
finally:
    g.stop()

# --- One user's long list: others are answered meanwhile. ---
N = 4000
rules = "".join(f"permit alice shell on app=x{i} as root id r{i}\n" for i in range(300))
g = Gate(build, rules + POLICY, [user(), key(), *(host(f"h{i:05}", labels="env=bench" if i % 200 == 0 else "env=prod app=y", addr=f"10.0.{i >> 8}.{i & 255}")
                                                  for i in range(N))])
try:
    a, b = g.logged_in(), g.logged_in()
    a.send("HOSTS_ASK")
    answers, rows, more = 0, [], 1
    def take(seconds):
        global more
        m = a.want("HOST_ROWS", seconds=seconds); more = m["more"]; data = m["rows"]
        while data:
            n = struct.unpack_from("<I", data)[0]; row, data = data[4:4 + n], data[4 + n:]
            rows.append((row[4:4 + struct.unpack_from("<I", row)[0]], row))
    while more:
        answers += b.ask("DECIDE", "DECISION", req=1, verb="shell", host="h00200")["permit"]
        try:
            while more: take(0.0001)
        except (TimeoutError, BlockingIOError): pass
    ok(answers > 3, f"another user has {answers} decisions in the middle of a list of {N} hosts")
    names = [n for n, _ in rows]
    allowed = [b"h%05d" % i for i in range(0, N, 200)]
    ok(names[:len(allowed)] == allowed and len(names) == N and len(set(names)) == N, "which is whole: first those that are allowed, then the others",
       len(names), len(set(names)))
finally:
    g.stop()

# --- A change in bulk: it is tried in slices, others are answered in between, and nothing of it stays if it does not come to an end. ---
N = 20000
g = Gate(build, POLICY, [user(), key(), host(), user("bob")])
def held(*sends):
    """All of it lies before the gate when it looks."""
    os.kill(g.proc.pid, signal.SIGSTOP)
    for send in sends: send()
    os.kill(g.proc.pid, signal.SIGCONT)
try:
    many = in_bulk(*(host(f"h{i:05}", addr=f"10.0.{i >> 8}.{i & 255}") for i in range(N)))
    f, c, c2 = g.logged_in(), g.ctl(), g.ctl()
    def hosts(): return c2.ask("STATUS", "STATUS_IS", req=1)["hosts"]
    def put(req, name, row): c2.send(name, req=req, **row)
    def decide(): f.send("DECIDE", req=1, verb="shell", host="h19999")
    s, what = state_of(c), "where there is no memory for a copy it is refused"
    if not without(sanitizers(), what, "the sanitizers do not go on then"):
        most = resource.prlimit(g.proc.pid, resource.RLIMIT_AS)
        resource.prlimit(g.proc.pid, resource.RLIMIT_AS, (memory(g.proc.pid, "VmSize") * 1024 + len(many) + 2**20, most[1]))
        send_bulk(c, many, s); d = c.want("DIR_DONE")
        ok(d["ok"] == 0 and b"memory" in d["text"] and hosts() == 1, what, d)
        resource.prlimit(g.proc.pid, resource.RLIMIT_AS, most)
    g.events()
    held(lambda: send_bulk(c, many, s), decide)
    first = g.store.want("EVENT", "DIR_APPLY")
    ok(first.get("class_uid") == 3003, "a decision is taken before all rows are tried", first)
    ok(f.want("DECISION")["permit"] == 0 and hosts() == 1, "by the directory that is there")
    sent = g.store.want("DIR_APPLY")
    put(5, *host("h00001", addr="10.9.9.9")); later = g.store.want("DIR_HOST")
    ok(hosts() == 1, "nor is anything there while it is with the store")
    g.store.send("DIR_DONE", req=sent["req"], ok=1); g.store.send("DIR_DONE", req=later["req"], ok=1)
    ok(c.want("DIR_DONE")["ok"] == 1 and c2.want("DIR_DONE")["ok"] == 1 and hosts() == N + 1, "then all of it is")
    decide(); ok(f.want("DECISION")["permit"] == 1, "for those who ask, too")
    decided = f.ask("DECIDE", "DECISION", req=2, verb="shell", host="10.9.9.9")
    ok(decided["permit"] == 1 and decided["host"] == b"h00001", "and a single row that came while it was with the store comes after it", decided)

    away = in_bulk(*(("DIR_HOST", {"op": 2, "name": f"h{i:05}"}) for i in reversed(range(N))))
    g.events(); s = state_of(c)
    held(lambda: send_bulk(c, away, s), lambda: put(6, *key("bob")))
    d = c.want("DIR_DONE")
    ok(d["ok"] == 0 and d["at"] == 0 and b"changed meanwhile" in d["text"], "a row that comes while it is tried goes first, and the plan is stale", d)
    row = g.store.want("DIR_KEY", "DIR_APPLY"); g.store.send("DIR_DONE", req=row["req"], ok=1); c2.want("DIR_DONE")
    ok("blob" in row and hosts() == N + 1, "which the store has not heard of", row)

    bad = away + in_bulk(("DIR_HOST", {"op": 2, "name": "nowhere"}))
    send_bulk(c, bad, state_of(c)); d = c.want("DIR_DONE")
    ok(d["ok"] == 0 and d["at"] == N + 1 and b"no host nowhere" in d["text"] and hosts() == N + 1, "the last row is refused, and all with it", d)
    s, c3 = state_of(c), g.ctl()
    def goes(): send_bulk(c3, away, s); c3.close()
    g.events(); held(goes)
    send_bulk(c, in_bulk(user("carol")), s); sent = g.store.want("DIR_APPLY")
    ok(len(os.pread(g.store.fds[0], 1000, 0)) < 200, "one whose client goes while it is tried goes with it, and another may come")
    g.store.send("DIR_DONE", req=sent["req"], ok=0, text="the disk is full"); ok(c.want("DIR_DONE")["ok"] == 0, "and fail")
    c3 = g.ctl(); send_bulk(c3, away, s); sent = g.store.want("DIR_APPLY"); c3.close()
    ok(g.alive() and hosts() == N + 1, "one that the store has stays")
    put(7, *host()); later = g.store.want("DIR_HOST")
    g.store.send("DIR_DONE", req=sent["req"], ok=1); g.store.send("DIR_DONE", req=later["req"], ok=1); c2.want("DIR_DONE")
    ok(hosts() == 1, "and is taken, though nobody waits for it")
    s = state_of(c); held(lambda: send_bulk(c, many, s), lambda: g.monitor.send("STOP"))
    ok(g.wait() == 0, "it stops while one is tried", g.said())
finally:
    g.stop()

# --- Nor does a list of requests end who asks for it, however much was asked. ---
import time
many = [("DIR_APPROVAL", {"op": 1, "id": f"r{i:05}", "user": "alice", "verb": "exec", "host": "box", "login": "root", "what": "x" * 4000, "src": "127.0.0.1", "state": "open",
                          "asked_us": int(time.time() * 1e6), "expires_us": 2**62}) for i in range(1500)]
g = Gate(build, POLICY, [user(), key(), host(), *many])
try:
    c, seen = g.ctl(), set()
    c.send("APPROVAL_LIST", req=7)
    ok(g.alive(), "while a list of 6 MB is not read others are answered")
    try:
        while (m := c.recv())[0] == "APPROVAL_ROW": seen.add(m[1]["id"])
    except Closed: m = ("closed",)
    ok(m[0] == "DIR_END" and m[1]["req"] == 7 and len(seen) == 1500, "then it comes, and whole", m[0], len(seen))
finally:
    g.stop()

# --- The store cannot send the directory: that is said, and nobody waits. ---
g = Gate(build, POLICY, load=False)
try:
    req = g.store.want("DIR_LOAD")["req"]
    g.store.send("DIR_DONE", req=req, ok=0, text="the disk is full")
    ok(g.wait() == 1 and "directory" in g.said() and "the disk is full" in g.said(), "a directory that cannot be loaded ends the gate with the reason", g.said())
finally:
    g.stop()

# --- Codes that nobody used do not wait for ever. ---
codes = [("DIR_CODE", {"op": 1, "user": "alice", "hash": i.to_bytes(32, "big"), "expires_us": 1 if i < 4095 else 2**62}) for i in range(4096)]
g = Gate(build, POLICY, [user(), *codes])
try:
    deleted, c = {}, g.ctl()
    def answer(m):
        g.store.send("DIR_DONE", req=m["req"], ok=1)
        if m["op"] == 2: deleted[m["hash"]] = m
        return m
    for n, m in g.first:
        if n == "DIR_CODE": answer(m)
    c.send("ENROL", req=1, user="bob", ttl_s=60)
    while True:
        m = answer(g.store.want("DIR_CODE"))
        if m["op"] == 1: break
    ok(m["user"] == b"bob" and c.want("ENROLLED")["ok"] == 1, "where 4,095 codes have expired one more can be made")
    for i in range(4096 // 256):
        c.send("ENROL", req=1, user="bob", ttl_s=60)
        while answer(g.store.want("DIR_CODE"))["op"] != 1: pass
    ok(len(deleted) == 4095 and (4095).to_bytes(32, "big") not in deleted, "in the end all that have expired are deleted in the store, and no other", len(deleted))
finally:
    g.stop()
end()
