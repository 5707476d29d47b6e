#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""The gate alone: what it permitted and asks again, fronts that do not stop, and changes in bulk between peers that lie."""
import os, sys, time

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import ok, skip, end
if os.geteuid() != 0: skip("needs root")
from peers import *

POLICY = "permit alice any on env=bench as root id bench\n"
def policy(g, text):
    open(f"{g.dir}/policy.conf", "w").write(text)
    g.monitor.send("RELOAD", req=1); g.monitor.want("RELOADED")
def bulk(g, *messages):
    c = g.ctl(); send_bulk(c, in_bulk(*messages), state_of(c))
    g.store.send("DIR_DONE", req=g.store.want("DIR_APPLY")["req"], ok=1)
    return c.want("DIR_DONE")["ok"] == 1

g = Gate(build, POLICY, [user(), key(), host(), host("other", addr="127.0.0.2")])
try:
    # --- what is held, and what is not ---
    f = g.logged_in()
    for hold, verb in ((1, "shell"), (1, "agent-forward"), (2, "exec"), (0, "exec")):
        a = f.ask("DECIDE", "DECISION", req=1, verb=verb, host="box", hold=hold); assert a["permit"] == 1
    f.send("RELEASE", hold=2)
    policy(g, POLICY + "# the same\n")
    ok(f.quiet("REVOKED"), "a policy that still permits takes nothing back")
    g.events()
    policy(g, "deny alice any on any reason \"freeze\" id frozen\n" + POLICY)
    got = [f.want("REVOKED"), f.want("REVOKED")]
    ok(sorted((m["hold"], m["verb"]) for m in got) == [(1, b"agent-forward"), (1, b"shell")] and all(b"no longer allowed: DENY" in m["reason"] and b"freeze" in m["reason"] for m in got),
       "one that does not takes back what is held, with the reason", got)
    ok(f.quiet("REVOKED"), "and nothing that was given back or never held")
    events = [v for n, v in g.events() if n == "EVENT" and v["class_uid"] == 3003]
    ok(len(events) == 2 and all(b'"rule":"frozen"' in v["detail"] and b'"permitted_by":"bench"' in v["detail"] and b"the policy was changed" in v["text"] for v in events),
       "each is an event with both rules", events)

    # --- a front that stops, and one that does not ---
    f.send("RELEASE", hold=1)
    ok(g.monitor.quiet("CUT"), "a front that stops is left in peace")
    policy(g, POLICY)
    bad = g.logged_in(); bad.ask("DECIDE", "DECISION", req=1, verb="shell", host="box", hold=7)
    policy(g, "")
    bad.want("REVOKED")
    cut = g.monitor.want("CUT")
    ok(cut["conn"] == bad.conn and cut["session"] == b"", "one that does not is ended with all that it has", cut)
    policy(g, POLICY)
    part = g.logged_in()
    for verb in ("get", "put"): part.ask("DECIDE", "DECISION", req=1, verb=verb, host="box", hold=3)
    policy(g, "permit alice get on env=bench as root id reads\n")
    m = part.want("REVOKED"); part.send("RELEASE", hold=3, verb="put")
    ok(m["verb"] == b"put" and g.monitor.quiet("CUT"), "one verb of several is given back alone", m)
    policy(g, POLICY)

    # --- limits ---
    policy(g, "permit alice shell,forward on env=bench as root options { timeout 4s; idle 5m } id short\n"); g.events()
    timed = g.logged_in(); start = time.monotonic()
    a = timed.ask("DECIDE", "DECISION", req=1, verb="shell", host="box", hold=1)
    ok(a["permit"] == 1 and a["limits"] == b"timeout=4 idle=300", "a permit has its limits with it", a)
    timed.ask("DECIDE", "DECISION", req=1, verb="shell", host="box", hold=2); timed.send("RELEASE", hold=2)
    time.sleep(2.4); timed.ask("DECIDE", "DECISION", req=1, verb="shell", host="box", hold=1)
    again = time.monotonic()
    m = timed.want("REVOKED")
    ok((m["hold"], m["verb"], m["code"], m["reason"]) == (1, b"shell", b"timeout", b"timeout of rule short: 4s") and time.monotonic() - start > 3.9, "when its time is over it is taken back", m)
    ok(time.monotonic() - again < 3.9, "and has no more of it for being asked for again", time.monotonic() - again)
    events = [v for n, v in g.events() if n == "EVENT" and b"timeout of rule short" in v["text"]]
    ok(len(events) == 1 and b'"permitted_by":"short"' in events[0]["detail"], "which is an event", events)
    cut = g.monitor.want("CUT")
    while cut["conn"] != timed.conn: cut = g.monitor.want("CUT")      # of those above, whom this policy permits less
    ok(b"did not stop" in cut["reason"], "a front that goes on is ended", cut)
    held = g.logged_in(); held.ask("DECIDE", "DECISION", req=1, verb="shell", host="box", hold=1)
    policy(g, "permit alice shell on env=bench as root options { timeout 2s; idle 4m } id short\n")
    m = held.want("REVOKED"); held.send("RELEASE", hold=1); ok(m["code"] == b"revoked" and b"its limits are stricter from now on (short): begin anew" in m["reason"], "stricter limits end what was begun with others", m)
    policy(g, POLICY)

    # --- a store that takes nothing for a while ---
    c = g.ctl()
    def taken():
        c.send("UPKEEP", req=1, op=1, session="S" * 26, text="t" * 3000); c.send("STATUS", req=2)
        went = True
        while c.recv()[0] != "STATUS_IS": went = False
        return went
    n = 0
    while taken(): n += 1
    ok(n > 1000 and not any(taken() for _ in range(9000)), f"after {n} questions that it has not read, more are refused", n)
    while g.events(): pass
    ok(taken() and [name for name, _ in g.events()] == ["UPKEEP"], "and when it reads again they go out as before")
    c.close()

    # --- bounds ---
    many = g.logged_in()
    for i in range(4096): many.send("DECIDE", req=1, verb="shell", host="box", hold=i + 1)
    permits = sum(many.want("DECISION")["permit"] for _ in range(4096))
    a = many.ask("DECIDE", "DECISION", req=1, verb="shell", host="box", hold=5000)
    ok(permits == 4096 and a["permit"] == 0 and b"too much is open" in a["reason"], "what one connection holds is bounded", permits, a)
    a = many.ask("DECIDE", "DECISION", req=1, verb="shell", host="box", hold=17)
    ok(a["permit"] == 1, "the same again is no more")
    many.close()
    big = g.logged_in(); n = 0
    for i in range(64):
        n += big.ask("DECIDE", "DECISION", req=1, verb="exec", host="box", command="c" * 60000, hold=i + 1)["permit"]
    ok(20 < n < 40, "and so are its bytes", n)
    big.close()

    much = g.logged_in()
    def begin(i):
        much.ask("DECIDE", "DECISION", req=1, verb="shell", host="box", hold=i); much.send("LIVE_BEGUN", hold=i, session=f"{i:026}")
        act = much.want("LIVE_ACT"); much.send("RELEASE", hold=i, verb="shell")
        if i % 256 == 0: g.events()
        return act["live"] == 0
    ok(all(begin(i + 1) for i in range(4096)), "as many sessions may be begun as there can be permits for")
    much.ask("DECIDE", "DECISION", req=1, verb="shell", host="box", hold=5000); much.send("LIVE_BEGUN", hold=5000, session="S" * 26)
    ok(much.over() and g.alive(), "one more, of what was given back but for the session itself, ends its front")

    # --- who is concerned ---
    a, o = g.logged_in(), g.logged_in()
    a.ask("DECIDE", "DECISION", req=1, verb="shell", host="box", hold=1); o.ask("DECIDE", "DECISION", req=1, verb="shell", host="other", hold=1)
    c = g.ctl()
    def put(message, **kw):
        c.send(message, req=9, op=1, **kw); sent = g.store.want(message); g.store.send("DIR_DONE", req=sent["req"], ok=1); return c.want("DIR_DONE")
    put("DIR_HOST", name="box", addr="127.0.0.1", port=22, target_kind=1, labels="env=prod", logins="root")
    m = a.want("REVOKED")
    ok(m["hold"] == 1 and o.quiet("REVOKED"), "a host's label takes back what is held on that host", m)
    a.send("RELEASE", hold=1)
    put("DIR_USER", name="alice", disabled=1)
    cuts = {g.monitor.want("CUT")["conn"] for _ in range(2)}
    ok(cuts == {a.conn, o.conn}, "a locked user's connections end", cuts)
    put("DIR_USER", name="alice")

    # --- time ---
    soon = int((time.time() + 1.5) * 1e6)
    put("DIR_USER", name="alice", expires_us=soon)
    e = g.logged_in(); start = time.time()
    cut = g.monitor.want("CUT")
    while cut["conn"] != e.conn: cut = g.monitor.want("CUT")
    late = time.time() - soon / 1e6
    ok(-0.1 < late < 1 and b"has expired" in cut["reason"], "an account that ends is noticed at that moment", late, cut)
    put("DIR_USER", name="alice")

    # --- in bulk ---
    def state(): return state_of(c)
    def apply(data, state, seals=True): send_bulk(c, data, state, seals)
    def refused(words, what, at=None):
        d = c.want("DIR_DONE")
        ok(d["req"] == 4 and d["ok"] == 0 and words in d["text"] and (at is None or d["at"] == at) and g.alive(), what, d, g.said()[-500:])
    s = state()
    ok(s != 0 and state() == s, "a version, the same while nothing changes", s)
    new = in_bulk(user("bob"), key("bob"), host("web1", addr="10.0.0.1"))
    apply(new, s + 1); refused(b"the directory has changed meanwhile: plan again", "rows for another version are refused")
    apply(new, s, seals=False); refused(b"no file that is sealed", "a file that can still change is refused")
    apply(new[:-3], s); refused(b"no list of rows", "a file that is cut off is refused")
    apply(in_bulk(("DIR_CODE", {"op": 1, "user": "bob", "hash": b"h" * 32})), s); refused(b"no list of rows", "codes do not come so")
    apply(in_bulk(user("bob"), user("a b")), s); refused(b"not a user name", "a bad row is refused, and which one", 2)
    apply(in_bulk(host("w", aliases="x"), host("v", aliases="x")), s); refused(b"host w has it already", "rows are looked at together", 2)
    apply(in_bulk(user("bob", op=2)), s); refused(b"there is no user bob", "so are those that take away", 1)
    g.events(); apply(new, s)
    sent = g.store.want("DIR_APPLY")
    got = os.pread(g.store.fds[0], 100000, 0)
    ok(got == new and sent["actor"] == b"root", "what was tried goes to the store, with who did it", sent)
    c2 = g.ctl()
    send_bulk(c2, new, s)
    d = c2.want("DIR_DONE"); ok(d["ok"] == 0 and b"on its way" in d["text"], "one at a time", d)
    ok(g.alive() and g.logged_in().ask("DECIDE", "DECISION", req=1, verb="shell", host="web1")["permit"] == 0, "nothing of it is there yet")
    g.store.send("DIR_DONE", req=sent["req"], ok=0, text="the disk is full")
    d = c.want("DIR_DONE"); ok(d["ok"] == 0 and d["text"] == b"the disk is full" and state() == s, "nor when the store cannot", d)
    apply(new, s); sent = g.store.want("DIR_APPLY"); g.store.send("DIR_DONE", req=sent["req"], ok=1)
    d = c.want("DIR_DONE")
    ok(d["ok"] == 1 and g.logged_in().ask("DECIDE", "DECISION", req=1, verb="shell", host="web1")["permit"] == 1 and state() != s, "then all of it is", d)
    c.send("DIR_USER", req=5, op=1, name="carol"); g.store.want("DIR_USER")
    apply(in_bulk(user("dave")), state()); refused(b"changed meanwhile", "while a single change is on its way there is none in bulk")
    f2 = g.front()
    send_bulk(f2, new, s)
    ok(f2.over() and g.alive(), "a front that tries is gone")
finally:
    g.stop()

# --- a proof of a second factor is forgotten when the store has said yes to what takes it away, and not before ---
g = Gate(build, POLICY, [user(), key(), host()])
try:
    g.monitor.send("SETTINGS", mfa_period_s=3600, methods="publickey,keyboard-interactive")
    def enters(f=None): return (f or g.front()).ask("LOGIN", "LOGIN_ANSWER", raw="alice", method="publickey", alg="ssh-ed25519", blob=key_of("alice"))["ok"] == 1
    f = g.front()
    ok(not enters(f), "a key alone does not do")
    g.monitor.ask("VOUCH", "VOUCHED", conn=f.conn, user="alice", methods=1)
    ok(f.ask("LOGIN", "LOGIN_ANSWER", raw="alice", method="keyboard-interactive")["ok"] == 1 and enters(), "with PAM it does, and then alone for a while")
    def disable(disabled, yes):
        c = g.ctl(); c.send("DIR_USER", req=1, op=1, name="alice", disabled=disabled)
        g.store.send("DIR_DONE", req=g.store.want("DIR_USER")["req"], ok=yes, text="" if yes else "no room")
        return c.want("DIR_DONE")["ok"] == yes
    ok(disable(1, 0) and enters(), "a lock that the store refuses forgets nothing")
    ok(disable(1, 1) and disable(0, 1) and not enters(), "one that it takes does")

    def proves():
        f = g.front(); enters(f); g.monitor.ask("VOUCH", "VOUCHED", conn=f.conn, user="alice", methods=1)
        return f.ask("LOGIN", "LOGIN_ANSWER", raw="alice", method="keyboard-interactive")["ok"] == 1 and enters()
    ok(proves() and bulk(g, user("bob"), user("alice", display="Alice")) and enters(), "a change in bulk to others, or of something else, forgets nothing")
    ok(bulk(g, user("alice", disabled=1)) and bulk(g, user("alice")) and not enters(), "a lock in bulk does")
    ok(proves() and bulk(g, ("DIR_USER", {"op": 2, "name": "alice"}), user("alice"), key()) and not enters(), "so does another life in one change")
finally:
    g.stop()

# --- who waits for an approval asks again when what it rests on has changed, of one's own requests alone ---
now = int(time.time() * 1e6)
def request(id, user, state="open"):
    return "DIR_APPROVAL", {"op": 1, "id": id, "user": user, "verb": "shell", "host": "box", "login": "root", "state": state, "asked_us": now, "expires_us": now + 3600 * 10**6}
g = Gate(build, POLICY, [user(), key(), user("bob"), host(), request("aaaaaa", "alice"), request("bbbbbb", "bob"), request("cccccc", "alice", "used"), request("dddddd", "alice")])
try:
    f, other = g.logged_in(), g.front()
    policy(g, POLICY + "# again\n")
    ok({f.want("APPROVAL_NEWS")["id"] for _ in range(2)} == {b"aaaaaa", b"dddddd"} and f.quiet("APPROVAL_NEWS"), "a reload is news for those that are open")
    ok(other.quiet("APPROVAL_NEWS"), "and nothing to somebody who is not logged in")
    def listed():
        c, ids = g.ctl(), []
        c.send("APPROVAL_LIST", req=1)
        while (m := c.recv())[0] != "DIR_END": ids.append(m[1]["id"])
        return sorted(ids)
    ok(bulk(g, user("alice", display="Alice")) and len(listed()) == 4, "a change in bulk leaves them all", listed())
    ok(bulk(g, ("DIR_USER", {"op": 2, "name": "alice"}), user("carol")) and listed() == [b"bbbbbb"], "those of a user go with the user", listed())
finally:
    g.stop()

# --- a no that comes after the policy's yes has no ticket with it ---
YES, APPROVED = 1, "permit any shell,approve on any as root id bench\nrequire approval 1 from bob, carol for alice shell on any\n"
voted = request("aaaaaa", "alice"); voted[1]["votes"] = f"bob={now}"
g = Gate(build, APPROVED, [user(), key(), user("bob"), user("carol"), key("carol"), host(), voted])
try:
    f, c = g.logged_in(), g.logged_in("carol")
    c.send("APPROVAL_SAY", req=1, say=YES, id="aaaaaa"); row = g.store.want("DIR_APPROVAL")
    a = f.ask("DECIDE", "DECISION", req=1, verb="shell", host="box", hold=1, dial=1)
    ok(a["permit"] == 0 and b"this moment" in a["reason"], "nothing begins on a request that somebody speaks about", a)
    ok(a["ticket"] == 0 and f.fds == [] and g.monitor.quiet("DIAL"), "nor is there a connection, or who signs for one", a, f.fds)
    policy(g, "deny alice shell on any\n" + APPROVED)
    ok(f.quiet("REVOKED"), "nor is anything held that could be taken back")
    policy(g, APPROVED)
    g.store.send("DIR_DONE", req=row["req"], ok=1); c.want("DIR_DONE")
    a = f.ask("DECIDE", "DECISION", req=2, verb="shell", host="box", hold=1, dial=1)
    ok(a["permit"] == 1 and a["ticket"] != 0 and len(f.fds) == 1 and g.monitor.want("DIAL")["ticket"] == a["ticket"], "when they have spoken there is", a, f.fds)
finally:
    g.stop()
end()
