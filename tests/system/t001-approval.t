#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""Approval by others: asked for by ssh and on the terminal of a session that waits, given by ssh and on the bastion, counted,
bound to what was asked, durable, ended; and the tickets that go with it.  With the real client."""
import json, os, re, subprocess, sys

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
import tap
from tap import ok
from clients import Clients, need, run
from terminal import Terminal, until
need()

POLICY = """role lead { lena, leo, root }
permit bench,other,zoe shell,exec on env=bench as root id work
require approval 1 from role lead within 30m for any shell on env=bench id shell-approval
require approval 2 from role lead for any exec on env=bench cmd { /usr/bin/two ** } id two-approval
require approval 1 from role lead for any exec on env=bench cmd { /usr/bin/echo ** } id once
require ticket /^OPS-[0-9]+$/ for any exec on env=bench cmd { /usr/bin/echo ** } id ticket
deny leo approve on name ~ "agent" reason "not yours" id leo-not
"""
b = Clients(build, policy=POLICY)

def user(name):
    b.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{b.dir}/{name}")
    b.ctl("user", "add", name); b.ctl("key", "add", name, f"{b.dir}/{name}.pub")
    config = open(b.config).read().replace("User bench", f"User {name}").replace(b.key, f"{b.dir}/{name}")
    with open(f"{b.dir}/config-{name}", "w") as f: f.write(config)
def ssh(name, host, *words, options=()):
    config = b.config if name == "bench" else f"{b.dir}/config-{name}"
    return ["ssh", "-F", config, *options, host, *words]
def verb(name, *words): return run(*ssh(name, "bastion", *words))
def request(name, *words):
    r = verb(name, "request", *words)
    ok(r.returncode == 0 and re.fullmatch(rb"[0-9a-z]{6}\n", r.stdout), f"{name} asks: request {' '.join(words)}", r)
    return r.stdout.decode().strip()
def approvals(name): return [json.loads(l) for l in verb(name, "approvals", "--json").stdout.splitlines()]
def shell(name="bench", host="box", options=()): return Terminal(*ssh(name, host, options=("-tt", *options)))

try:
    for name in ("other", "lena", "leo", "zoe"): user(name)

    # --- told, asked for, seen ---
    r = b.on("box", "true", options=("-T",))
    ok(r.returncode == 0, "what needs no approval goes on", r)
    r = run(*ssh("bench", "box", options=("-T",)))
    ok(r.returncode == 255 and b"approval 1 from role lead within 30m is required (shell-approval)" in r.stderr and b"ssh bench@bastion request root@box --reason WHY" in r.stderr,
       "who needs approval is told so, and how to ask", r)
    b.mark()
    rid = request("bench", "box", "--reason", "disk is full", "--ticket", "OPS-7")
    ok(request("bench", "box", "--reason", "again") == rid, "the same request is not made twice")
    ok(b.audit(3003, 1, actor="bench") and any(f"bench asks for approval {rid}: shell on box as root: disk is full, ticket OPS-7" == e["text"] for e in b.audit(3003)),
       "it is on the record: who, what, why", b.audit(3003))
    mine = approvals("bench"); theirs = approvals("lena")
    ok([(a["id"], a["may"], a["user"], a["reason"], a["ticket"]) for a in mine] == [(rid, False, "bench", "disk is full", "OPS-7")], "the asker sees the request", mine)
    ok([(a["id"], a["may"]) for a in theirs] == [(rid, True)] and theirs[0]["state"].startswith("waits: 0 of 1"), "so does one who may approve it", theirs)
    ok(approvals("zoe") == [] and approvals("other") == [], "nobody else does")
    r = verb("lena", "approvals")
    ok(rid.encode() in r.stdout and b"disk is full" in r.stdout, "and in lines for people", r)

    # --- who may say yes ---
    for who, why in (("bench", b"nobody approves what they asked for themselves"), ("zoe", b"the policy does not name you for that")):
        r = verb(who, "approve", rid)
        ok(r.returncode == 255 and why in r.stderr, f"{who} may not approve it", r)
    r = verb("lena", "approve", "nosuch")
    ok(r.returncode == 255 and b"no such request" in r.stderr, "what is not there is not approved", r)
    p = subprocess.Popen(ssh("bench", "box", options=("-T",)), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = p.stderr.readline()
    ok(f"request {rid} waits".encode() in said and p.poll() is None, "who asked is told that the request waits, and waits", said)
    p.kill(); p.wait()

    # --- it survives a restart ---
    b.restart()
    ok([(a["id"], a["state"][:13]) for a in approvals("lena")] == [(rid, "waits: 0 of 1")], "the request is there after a restart", approvals("lena"))

    # --- a session that waits begins by itself ---
    t = shell()
    ok(t.saw(f"request {rid} waits for approval 1 from role lead"), "a session waits, and says for what", t.out)
    ok(not t.ended(), "it stays open")
    r = verb("lena", "approve", rid, "--reason", "go on then")
    ok(r.returncode == 0, "lena approves", r)
    ok(t.saw(f"lena approves request {rid} of bench: shell on box as root: go on then"), "the one who waits hears who said yes, and why", t.out)
    ok(t.alive("echo in-$((40+2))\n", "in-42"), "and is in, by itself", t.out)
    e = [e for e in b.audit(3003) if e["ok"] and e.get("verb") == "shell"]
    ok(e and e[-1]["approval"] == rid and e[-1]["change"] == "OPS-7", "the decision names the request and the ticket", e)
    r = verb("lena", "approve", rid)
    ok(r.returncode == 255 and b"you have said yes" in r.stderr, "nobody says yes twice", r)
    t2 = shell()
    ok(t2.alive("echo in-$((40+2))\n", "in-42"), "within its time it is good for another session", t2.out); t2.close()
    o = run(*ssh("other", "box", options=("-T",)))
    ok(o.returncode == 255 and b"is required (shell-approval)" in o.stderr, "for nobody else", o)
    o = run(*ssh("bench", "agent", options=("-T",)))
    ok(o.returncode == 255 and b"is required (shell-approval)" in o.stderr, "for no other host", o)

    # --- taken back: what rests on it ends ---
    r = verb("leo", "reject", rid, "--reason", "stop")
    ok(r.returncode == 0, "another one takes it back", r)
    ok(t.saw("no longer allowed: what was approved has ended") and until(t.ended), "the session ends, and says why", t.out); t.close()
    r = run(*ssh("bench", "box", options=("-T",)))
    ok(r.returncode == 255 and b"is required (shell-approval)" in r.stderr, "and no new one begins", r)

    # --- the form on the terminal; rejected while it waits ---
    t = shell()
    ok(t.saw("Reason: ") and "or ask here, by a reason, and wait; Ctrl-C gives up" in t.out, "a terminal asks for the reason, and says that it can be given there", t.out); t.send("look at \bthe log\r")
    ok(t.saw("Ticket, or Enter for none: "), "and for a ticket", t.out); t.send("\r")
    ok(t.saw("waits for approval 1 from role lead"), "then it waits", t.out)
    (a,) = [a for a in approvals("lena") if a["may"]]
    ok(a["reason"] == "look atthe log" and a["ticket"] == "", "the request has what was typed", a)
    verb("leo", "reject", a["id"], "--reason", "not today")
    ok(t.saw(f"leo rejects request {a['id']} of bench: shell on box as root: not today") and until(t.ended) and t.status == 255, "a no ends it, in words", t.out, t.status); t.close()
    t = shell(); t.saw("Reason: "); t.send("x\r"); t.saw("none: "); t.send("\r"); t.saw("Ctrl-C gives up"); t.send("\x03")
    ok(until(t.ended) and "cancelled" in t.out, "Ctrl-C gives up", t.out); t.close()
    (a,) = [a for a in approvals("bench") if a["state"].startswith("waits")]
    r = verb("bench", "request", "--withdraw", a["id"])
    ok(r.returncode == 0 and [x["state"] for x in approvals("bench") if x["id"] == a["id"]] == ["withdrawn"], "the request is taken back by who made it", r)
    t = shell(); t.saw("Reason: "); t.send("\x03")
    ok(until(t.ended), "Ctrl-C in the form, too"); t.close()

    # --- by the environment, without a terminal; on the bastion ---
    p = subprocess.Popen(ssh("bench", "box", "cat", options=("-T", "-o", "SendEnv=LC_*")), env=dict(os.environ, LC_FORTRESS_REASON="x"), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    out, _ = p.communicate(b"there", 30)
    ok(out == b"there", "an environment that is not needed does no harm", out)
    p = subprocess.Popen(ssh("bench", "box", options=("-T", "-o", "SendEnv=LC_*")), env=dict(os.environ, LC_FORTRESS_REASON="cron job"),
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    got = until(lambda: [a for a in approvals("lena") if a["reason"] == "cron job"])
    ok(got and got[0]["may"], "without a terminal the reason comes by the environment", got)
    r = run(f"{build}/fortress", "approval", "approve", got[0]["id"], env=b.env)
    ok(r.returncode == 0, "the bastion's own command approves, since the policy names its user", r)
    out, err = p.communicate(b"echo env-$LC_FORTRESS_REASON-\n", 30)
    ok(out == b"env--\n" and b"waits for approval" in err and b"root approves request" in err, "the session begins, and the host does not see the reason", out, err)
    got = json.loads(b.ctl("--json", "approval", "ls"))
    ok(any(a["state"].startswith("approved until") for a in got) and any(a["state"] == "rejected" for a in got), "approval ls lists them", got)
    verb("lena", "reject", [a["id"] for a in got if a["state"].startswith("approved")][0])

    # --- two people, one time, this command ---
    rid = request("bench", "box", "--reason", "both", "--", "two", "x y")
    verb("lena", "approve", rid)
    r = b.on("box", "two z")
    ok(r.returncode == 255 and b"is required (two-approval): ask for it with ssh bench@bastion request root@box --reason WHY -- 'two z'" in r.stderr,
       "another command is not what was approved, and the words to ask for it are there", r)
    p = subprocess.Popen(ssh("bench", "box", "two x y"), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = p.stderr.readline()
    ok(b"1 of 2 said yes" in said and p.poll() is None, "one of two is not enough", said)
    verb("leo", "approve", rid)
    ok(p.wait(30) == 127, "two different people are; the host answers", p.stderr.read())
    r = b.on("box", "two x y")
    ok(r.returncode == 255 and b"is required (two-approval)" in r.stderr, "without `within` it is good one time", r)
    ok([a["state"] for a in approvals("bench") if a["id"] == rid] == ["used"], "and then used")

    # --- tickets ---
    r = b.on("box", "echo hi")
    ok(r.returncode == 255 and b"ticket /^OPS-[0-9]+$/ is required (ticket)" in r.stderr and b"LC_FORTRESS_TICKET" in r.stderr, "a ticket is asked for", r)
    r = verb("bench", "request", "box", "--ticket", "nonsense", "--", "echo", "hi")
    ok(r.returncode == 255 and b"\"nonsense\" is not what is asked for" in r.stderr, "one that does not fit is not taken", r)
    rid = request("bench", "box", "--ticket", "OPS-12", "--", "echo", "hi")
    verb("leo", "approve", rid)
    r = b.on("box", "echo hi")
    ok((r.stdout, r.returncode) == (b"hi\n", 0), "the request's ticket is the session's", r)
    rid = request("bench", "box", "--ticket", "OPS-13", "--", "echo", "ho"); verb("leo", "approve", rid)
    r = run(*ssh("bench", "box", "echo ho", options=("-o", "SendEnv=LC_*")), env=dict(os.environ, LC_FORTRESS_TICKET="OPS-99"))
    ok((r.stdout, r.returncode) == (b"ho\n", 0), "a ticket by the environment", r)
    ok(any(e.get("change") == "OPS-99" and e["ok"] for e in b.audit(3003)), "is on the record", b.audit(3003)[-3:])

    # --- the verb approve; people who are no leads any more; a policy that asks for others ---
    rid = request("bench", "agent", "--reason", "x")
    r = verb("leo", "approve", rid)
    ok(r.returncode == 255 and b"not yours" in r.stderr, "a deny of approve keeps from approving", r)
    verb("lena", "approve", rid)
    t = shell(host="agent"); ok(t.alive("echo in-$((40+2))\n", "in-42"), "approved, and in", t.out)
    b.ctl("user", "lock", "lena"); b.reload(POLICY + "# again\n")
    ok(until(t.ended) and "no longer allowed" in t.out, "a yes of somebody who was locked does not count", t.out); t.close()
    b.ctl("user", "unlock", "lena")
    t = shell(host="agent"); ok(t.alive("echo in-$((40+2))\n", "in-42"), "unlocked, it does", t.out)
    b.reload(POLICY.replace("role lead { lena, leo, root }", "role lead { leo, root }"))
    ok(until(t.ended), "nor one of somebody whom the policy does not name any more", t.out); t.close()
    # --- the picker: of the one who asks, and of the one who approves ---
    b.reload(POLICY)
    p = Terminal(*ssh("bench", "bastion", options=("-tt",)))
    ok(p.saw("needs approval"), "the picker says which hosts need approval", p.out)
    p.send("box\r"); ok(p.saw("Reason: "), "Enter asks for the reason", p.out[-600:]); p.send("from the picker\r"); p.saw("none: "); p.send("\r")
    ok(p.saw("waits for approval 1"), "then it waits", p.out[-600:])
    (a,) = [a for a in approvals("lena") if a["reason"] == "from the picker"]
    q = Terminal(*ssh("lena", "bastion", options=("-tt",)))
    q.saw("none that you may reach"); q.send("\x19")
    ok(q.saw("requests for approval") and q.saw(a["id"]) and q.saw("from the picker") and q.saw("you may approve it"), "Ctrl-Y shows the requests", q.out[-1500:])
    q.send("a"); ok(q.saw("y approves " + a["id"]) and q.saw("any other key does not"), "a asks first", q.out[-800:])
    q.send("y"); ok(q.saw("done") and q.saw("approved until"), "y approves", q.out[-800:])
    ok(p.alive("echo in-$((40+2))\n", "in-42"), "and the one who waited is in", p.out[-600:])
    q.send("r"); ok(q.saw("y rejects " + a["id"]), "r asks first, too", q.out[-800:]); q.send("y")
    ok(q.saw("done") and p.saw("what was approved has ended"), "r takes it back, and the session ends", p.out[-600:])
    q.send("q"); ok(q.saw("none that you may reach"), "q goes back to the hosts", q.out[-600:]); q.send("\x03")
    ok(until(p.ended) and until(q.ended), "both end"); p.close(); q.close()
    # --- nobody fills the list for all ---
    said, made, mux = b"", 0, ("-S", f"{b.dir}/mux", "-o", "ControlMaster=auto", "-o", "ControlPersist=60")
    for i in range(34):
        r = run(*ssh("zoe", "bastion", "request", "box", "--reason", str(i), "--", "two", str(i), options=mux))
        said += r.stderr; made += r.returncode == 0
    ok(made == 32 and said.count(b"too many requests in an hour") == 2, "32 requests in an hour are enough for anybody", made, said[-300:])
    run(*ssh("zoe", "bastion", options=("-S", f"{b.dir}/mux", "-O", "exit")))
    # --- it ends by itself ---
    for seconds in (3, 15, 60):                          # a slow machine needs more than three to begin
        b.reload(POLICY.replace("within 30m", f"within {seconds}s"))
        rid = request("other", "box", "--reason", "short")
        t = shell("other"); t.saw("waits for"); verb("lena", "approve", rid)
        t.send("echo in-$((40+2))\n"); was_in = until(lambda: t.saw("in-42", 0) or t.ended()) and not t.ended()
        if was_in: break
        t.close()
    ok(was_in, "in for some seconds", t.out)
    ok(until(t.ended, seconds + 60) and "what was approved has ended" in t.out, "and out again when they are over", t.out); t.close()
    r = run(f"{build}/fortress", "audit", "verify", "--db", env=b.env)
    ok(r.returncode == 0, "the record holds: every request stands as it says", r)
finally:
    b.stop()
tap.end()
