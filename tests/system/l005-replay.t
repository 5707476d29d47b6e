#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""Recordings over ssh: by policy, on the record before the first frame, asked again, with all that the replay screen does, and
as files; nothing of a recording reaches the viewer's terminal as it is.  With the real client."""
import json, os, shutil, signal, socket, sqlite3, subprocess, sys, tempfile, time

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import end, may_look, ok, without
from clients import Clients, need, run
from screens import Screen
need("ssh")

POLICY = """permit bench,vera shell,exec on env=bench as root id work
permit bob replay on env=bench id replayers
permit cleo replay on name ~ "box" id boxes
permit anna replay on env=bench id asks
require approval 1 from bob within 1h for anna replay on any id twice
permit tom replay on env=bench id tickets
require ticket /^T-[0-9]+$/ for tom replay on any id ticket
require notify desk for tom replay on any id told
permit mia replay on env=bench id moderated
require moderator bob for mia replay on any id second
"""
GONE = b"there is no recording of that id, or none that you may replay"
tmp = tempfile.mkdtemp(); os.chmod(tmp, 0o755)
desk = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); desk.bind(f"{tmp}/desk"); os.chmod(f"{tmp}/desk", 0o666); desk.settimeout(60)
b = Clients(build, conf=f"NotifySink desk syslog {tmp}/desk\n", policy=POLICY)
keys = {"bench": b.key}

def person(name):
    keys[name] = f"{b.dir}/id_{name}"
    b.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", keys[name])
    b.ctl("user", "add", name); b.ctl("key", "add", name, f"{keys[name]}.pub")
def argv(name, *words, tty=True, user=None, options=()):
    return ["ssh", "-F", "/dev/null", "-i", keys[name], "-o", "IdentitiesOnly=yes", "-o", "UserKnownHostsFile=" + b.known, "-o", "LogLevel=ERROR",
            "-o", "BatchMode=yes", *options, "-tt" if tty else "-T", "-p", str(b.port), f"{user or name}@127.0.0.1", *words]
def asks(name, *words, **kw): return run(*argv(name, *words, tty=False), **kw)
def shows(name, *words, **kw): return Screen(argv(name, "replay", *words, **kw))
def refused(name, *words):
    s = shows(name, *words); over = s.over(); s.close()
    return over and s.code == 255 and s.out
def recorded(host, command):
    b.mark(); r = b.on(host, command); row = b.rows(1)
    assert r.returncode == 0 and row, (r, row)
    return row[0]["id"]
def readings(n=1, **want): return b.audit(1008, n, **want)
def viewers(): return [p for p, n in b.children().items() if n.startswith("replay:")]

try:
    for name in ("bob", "cleo", "anna", "tom", "mia", "vera"): person(name)
    id = recorded("box", "echo the secret is '12''34'; sleep 1; seq 2000; echo la''st")
    other = recorded("agent", "echo on the ag''ent")

    # ---- who may, and who is told what ----
    for who in ("bench", "vera"):
        said = refused(who, id)
        ok(said and GONE in said and b"[denied]" in said, f"{who}, whose {'own session it is' if who == 'bench' else 'policy has no replay'}, is refused by default", said)
    line = lambda out: [l for l in out.replace(b"\r", b"").split(b"\n") if l.startswith(b"fortress:")]
    texts = [line(refused("cleo", x)) for x in (other, "01ARZ3NDEKTSV4RRFFQ69G5FAV", "nonsense", "0")]
    ok(texts[0] and all(t == texts[0] for t in texts), "not permitted, not there, no id at all, more than one: all in the same words", texts)
    b.mark(); refused("cleo", other); refused("cleo", "01ARZ3NDEKTSV4RRFFQ69G5FAV")
    got = b.until(lambda: [e["text"] for e in readings(ok=0)], lambda t: any("01ARZ3NDEKTSV4RRFFQ69G5FAV" in x and "no such recording" in x for x in t))
    ok(any("cleo may not replay" in x and "01ARZ3NDEKTSV4RRFFQ69G5FAV" in x for x in got), "the record says what was asked for", got)
    got = b.audit(3003, 1, ok=0, verb="replay"); ok(got and got[0]["command"] == other and "boxes" in got[0]["text"], "and why not", got)
    r = asks("bob", "replay", id); ok(r.returncode == 255 and b"ssh -t" in r.stderr, "without a terminal it says how", r)
    r = asks("bob", "replay", "--nonsense", id); ok(r.returncode == 255 and b"[usage]" in r.stderr, "an option that there is not", r)

    # ---- shown, and on the record before ----
    b.mark()
    s = shows("bob", id.lower()[:22])
    ok(s.until(b"the secret is 1234"), "who may sees it, and the beginning of an id is enough", s.out)
    e = readings(1, ok=1)
    ok(len(e) == 1 and e[0]["actor"] == "bob" and e[0]["session"] == id and e[0]["host"] == "box" and e[0]["user"] == "bench" and e[0]["rule"] == "replayers" and
       f"bob reads the recording {id} of bench on box by ssh" in e[0]["text"], "the record says who reads whose", e)
    src = b.query("select src from event where class=1008 and ok=1 order by id desc limit 1")
    ok(src[0]["src"].startswith("127.0.0.1"), "and from where", src)
    p = viewers(); kids = b.children(p[0]) if p else {}
    ok(len(p) == 1 and len(kids) == 1, "a program and its reader", p, kids)
    def fds(pid): return [os.readlink(f"/proc/{pid}/fd/{f}") for f in os.listdir(f"/proc/{pid}/fd")]
    def status(pid): return dict(l.split(":\t", 1) for l in open(f"/proc/{pid}/status").read().splitlines() if ":\t" in l)
    if not without(not may_look(), "what the two of them have", "may not look into other processes"):
        renders, reads = fds(p[0]), fds(list(kids)[0])
        ok(any("/dev/pts" in f for f in renders) and not any("fortress.db" in f or f.startswith(b.dir) for f in renders) and os.listdir(f"/proc/{p[0]}/root") == [] and
           status(p[0])["Seccomp"].strip() == "2", "what renders has the terminal, and nothing of the database", renders)
        ok(any("fortress.db" in f for f in reads) and not any("/dev/pts" in f for f in reads) and status(list(kids)[0])["Seccomp"].strip() == "2",
           "what reads has the database, and no terminal", reads)
    rank = [os.getpriority(os.PRIO_PROCESS, x) for x in (b.bastion.pid, p[0], list(kids)[0])]
    ok(all(r > rank[0] or r == 19 for r in rank[1:]), "both stand behind those who work", rank)
    s.type(b"G"); ok(s.until(b"last") and s.until(b"the end"), "G goes to the end", s.out[-300:])
    s.type(b"g"); ok(s.until(b"secret"), "g to the beginning", s.out[-300:])
    s.type(b"/la"); s.type(b"st\r"); ok(s.until(b"last"), "search", s.out[-300:])
    s.type(b">"); ok(s.until(b"H2\r"), "speed", s.out[-300:])
    s.type(b"?"); ok(s.until(b"half or double"), "help", s.out[-600:])
    s.type(b"q"); s.type(b"q")
    ok(s.over() and s.code == 0, "q leaves", s.code, s.out[-300:]); s.close()
    e = readings(2, ok=1)
    ok(len(e) == 2 and "has left the recording" in e[1]["text"] and e[1]["read_ms"] >= 0 and "0:00:0" in e[1]["text"], "how far it got is on the record", e)
    ok(b.until(viewers, lambda v: v == []) == [], "its processes have ended", viewers())

    # ---- two side by side, each by its own permit ----
    b.mark()
    s = shows("bob", id, other)
    ok(s.until(b"root@box") and s.until(b"root@agent"), "two side by side", s.out[-600:]); s.type(b"q"); ok(s.over() and s.code == 0, "and left"); s.close()
    e = [x for x in readings(4, ok=1) if " reads " in x["text"]]; ok(sorted(x["session"] for x in e) == sorted((id, other)), "each is on the record", e)
    said = refused("cleo", id, other); ok(said and GONE in said, "one of two is not enough", said)
    b.reload(POLICY.replace("permit bob replay on env=bench", 'permit bob replay on name ~ "box"\npermit bob replay on name ~ "agent"'))
    s = shows("bob", other, id); ok(s.until(b"root@box"), "by two rules", s.out[-300:])
    b.reload(POLICY.replace("permit bob replay on env=bench", 'permit bob replay on name ~ "box"'))
    ok(s.over(5) and b"no longer allowed" in s.out, "that one of them is not permitted any more ends both", s.out[-300:]); s.close()
    b.reload(POLICY)

    # ---- options, the screen's end ----
    s = shows("bob", "--at", "0:00", "--speed=2", "--follow", id); ok(s.until(b"the end"), "options", s.out[-400:]); s.type(b"q"); ok(s.over() and s.code == 0, "and left"); s.close()
    s = shows("bob", "--speed", "99", id); ok(s.over() and s.code == 2 and b"--speed 99: write a number" in s.out, "a value that cannot be is told on the terminal", s.code, s.out); s.close()

    # ---- revoked ----
    b.mark()
    s = shows("bob", id); ok(s.until(b"the secret is 1234"), "again")
    start = time.monotonic(); b.reload(POLICY.replace("permit bob replay on env=bench id replayers\n", ""))
    ok(s.over(5) and b"no longer allowed" in s.out and b"[revoked]" in s.out and s.code == 255, "a policy that does not permit it any more ends it, with a sentence", s.code, s.out[-300:], time.monotonic() - start); s.close()
    ok(b.until(viewers, lambda v: v == []) == [], "and what read")
    e = readings(2, ok=1); ok(any("has left" in x["text"] for x in e), "that is on the record", e)
    b.reload(POLICY)

    # ---- what the policy requires ----
    b.mark()
    s = shows("anna", id)
    ok(s.until(b"approval 1 from bob within 1h is required") and s.until(b"Reason: "), "an approval is asked for on the terminal", s.out)
    s.type(b"to see what was done\r"); ok(s.until(b"Ticket, or Enter"), "with a reason"); s.type(b"\r")
    ok(s.until(b"waits for approval"), "and waited for", s.out)
    rows = [json.loads(l) for l in asks("bob", "approvals", "--json").stdout.splitlines()]
    ok(len(rows) == 1 and rows[0]["verb"] == "replay" and rows[0]["host"] == "box" and id in json.dumps(rows[0]), "the request is about this recording", rows)
    r = asks("bob", "approve", rows[0]["id"]); ok(r.returncode == 0, "bob says yes", r)
    ok(s.until(b"the secret is 1234"), "then it is shown", s.out[-400:]); s.type(b"q"); s.over(); s.close()
    s = shows("anna", id); ok(s.until(b"the secret is 1234"), "within the hour again", s.out[-400:])
    asks("bob", "reject", rows[0]["id"]); ok(s.over(5) and b"[revoked]" in s.out, "until the approval is taken back", s.out[-300:]); s.close()
    s = shows("anna", other); ok(s.until(b"is required"), "it is good for no other recording", s.out); s.type(b"\x03"); s.over(); s.close()
    r = asks("tom", "replay", "--export", "raw", id); ok(r.returncode == 255 and b"T-" in r.stderr and b"[denied]" in r.stderr, "a ticket that is required and lacks", r)
    s = shows("tom", id); ok(s.until(b"Ticket: "), "is asked for", s.out); s.type(b"T-12\r"); ok(s.until(b"the secret is 1234"), "and good", s.out); s.type(b"q"); ok(s.over(), "and keys reach the screen that came after it", s.out[-300:]); s.close()
    told = desk.recv(65536); ok(b"tom: replay on box as root, by tickets" in told, "who is to be told is told", told)
    said = refused("mia", id); ok(said and b"moderator" in said, "a second person who watches cannot be had here: said", said)

    # ---- as files ----
    b.mark()
    local = {f: subprocess.run([f"{build}/fortress", "replay", "--export", f, id], env=b.env, capture_output=True).stdout for f in ("raw", "cast", "json", "text", "html")}
    for form in local:
        r = asks("bob", "replay", "--export", form, id)
        ok(r.returncode == 0 and r.stdout == local[form] and len(r.stdout) > 1000, f"--export {form}: the same as on the bastion", r.returncode, len(r.stdout), len(local[form]), r.stderr)
    r = asks("bob", "replay", id, "--export=raw"); ok(r.returncode == 0 and r.stdout == local["raw"], "options behind the id", r.stderr)
    r = asks("bob", "replay", "--text", id); ok(r.returncode == 0 and b"last" in r.stdout, "--text", r)
    e = readings(10, ok=1); ok(any("export=html" in x["text"] for x in e), "the record says in which form", e)
    r = asks("bob", "replay", "--export", "gif", id); ok(r.returncode == 255 and b"[not-whole]" in r.stderr and r.stdout == b"", "a form that there is not", r)
    r = asks("cleo", "replay", "--export", "raw", other); ok(r.returncode == 255 and r.stdout == b"" and GONE in r.stderr, "what may not be seen is not exported", r)
    s = shows("bob", "--export", "raw", id); ok(s.over() and b"[terminal]" in s.out and b"secret" not in s.out, "nor to a terminal", s.out); s.close()

    w = subprocess.Popen(argv("anna", "replay", "--export", "raw", id, tty=False, options=("-o", "SetEnv=LC_FORTRESS_REASON=report")),
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    def request(): return [x for x in (json.loads(l) for l in asks("bob", "approvals", "--json").stdout.splitlines()) if x["reason"] == "report" and x["may"]]
    rows = b.until(request, bool); ok(len(rows) == 1 and rows[0]["verb"] == "replay", "without a terminal a reason by the environment makes the request", rows)
    asks("bob", "approve", rows[0]["id"]); out, err = w.communicate(timeout=60)
    ok(w.returncode == 0 and out == local["raw"], "and the file comes when it was approved", w.returncode, len(out), err)

    # ---- hostile ----
    bad = b"\x1b]0;title\x07\x1b[6n\x1bP+q544e\x1b\\\x1b]52;c;ZXZpbA==\x07\x1b[21t\x1b[c\x05"
    open(f"{b.dir}/bad", "wb").write(bad + b"after-it-all\r\n")
    hostile = recorded("box", f"cat {b.dir}/bad")
    s = shows("bob", hostile); ok(s.until(b"after-it-all"), "a hostile host's output", s.out)
    s.type(b"q"); s.over(); s.close()
    s = shows("bob", hostile); s.until(b"? help"); s.type(b"G"); s.type(b"q"); s.over()
    ok(b"ZXZpbA" not in s.out and b"\x1b]" not in s.out and b"\x1b[6n" not in s.out and b"\x1bP" not in s.out and b"\x1b[c" not in s.out and b"\x05" not in s.out,
       "does not reach the viewer's terminal as it is", s.out); s.close()

    # ---- one that runs ----
    live = subprocess.Popen(b.argv("box", "echo one; read x; echo two-$x; read y"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    ok(live.stdout.readline() == "one\n", "a session that is open")
    opened = next(x["id"] for x in b.sessions() if x["state"] == "open")
    s = shows("bob", "--follow", opened); ok(s.until(b"live"), "is followed", s.out)
    live.stdin.write("z\n"); live.stdin.flush(); ok(s.until(b"two-z"), "what comes is seen", s.out)
    live.stdin.close(); ok(s.until(b"the end"), "and its end", s.out); s.type(b"q"); s.over(); s.close(); live.wait()

    # ---- from the picker ----
    p = Screen(argv("bob")); ok(p.until(b"quit"), "bob's picker", p.out)
    p.type(b"\x14"); p.until(b"sessions that run"); p.type(b"o"); ok(p.until(b"are over") and p.until(b"root@box"), "Ctrl-T and o show what is over", p.out)
    p.type(b"\x1b[F\r"); ok(p.until(b"? help") and (p.until(b"secret") or p.until(b"last")), "Enter replays the selected one", p.out[-500:])
    p.type(b"q"); ok(p.until(b"Esc hosts"), "q leads back to the list", p.out[-500:]); p.type(b"\x03"); p.over(); p.close()
    p = Screen(argv("cleo")); p.until(b"quit"); p.type(b"\x14o"); ok(p.until(b"root@box") and b"root@agent" not in p.out, "the list has what may be replayed", p.out); p.close()
    p = Screen(argv("vera")); p.until(b"quit"); p.type(b"\x14"); p.until(b"sessions that run"); p.type(b"o"); ok(p.until(b"none that you may see"), "and nothing of others' for whom nothing may be", p.out); p.close()
    p = Screen(argv("bench")); p.until(b"quit"); p.type(b"\x14o"); ok(p.until(b"root@box"), "one's own is there", p.out)
    p.type(b"\r"); ok(p.until(GONE[:40]), "and the picker says when it may not be replayed", p.out[-500:]); p.close()

    # ---- many, one that does not read, one that is killed ----
    many = [shows("bob", id, options=("-o", "ControlPath=none")) for _ in range(10)]
    ok(all(m.until(b"? help") for m in many) and len(viewers()) == 10, "ten at once", len(viewers()))
    s = shows("bob", id); ok(s.over() and b"as many recordings as one may at once" in s.out, "one more is told why not", s.out); s.close()
    os.kill(many[0].pid, signal.SIGSTOP); many[1].close()
    ok(b.until(viewers, lambda v: len(v) == 9) and len(viewers()) == 9, "one whose client was killed ends", len(viewers()))
    start = time.monotonic(); r = b.on("box", "head -c 3000000 /dev/zero | tr '\\0' x")
    ok(r.returncode == 0 and len(r.stdout) == 3000000, "sessions go on", r.returncode, time.monotonic() - start)
    os.kill(many[0].pid, signal.SIGCONT)
    for m in many:
        if m.code is None: m.type(b"q")
    ok(all(m.over() for m in many), "they leave")
    for m in many[:1] + many[2:]: m.close()
    ok(b.until(viewers, lambda v: v == []) == [], "nothing is left over")

    # ---- the reader dies; erased ----
    s = shows("bob", id); ok(s.until(b"secret"), "again")
    os.kill(list(b.children(viewers()[0]))[0], signal.SIGKILL); s.type(b"g"); s.type(b"G")
    ok(s.over() and s.code == 1 and b"cannot be read further" in s.out, "that its reader has died is told", s.code, s.out[-300:]); s.close()

    # ---- erased ----
    b.bastion.terminate(); b.bastion.wait(20); b.procs.remove(b.bastion)
    seg = next(x for x in os.listdir(f"{b.dir}/state/db") if x.startswith("rec-") and x.endswith(".seg"))
    os.rename(f"{b.dir}/state/db/{seg}", f"{b.dir}/state/db/rec-2025-01.seg")
    db = sqlite3.connect(f"{b.dir}/state/db/fortress.db"); db.execute("UPDATE segment SET file='rec-2025-01.seg'"); db.commit(); db.close()
    b.serve(); b.ctl("retention", "erase", "--before", "2025-02")
    s = shows("bob", id); ok(s.over() and s.code == 1 and b"erased" in s.out, "of an erased recording the viewer is told so", s.code, s.out[-300:]); s.close()
    r = asks("bob", "replay", "--export", "raw", id); ok(r.returncode == 255 and r.stdout == b"" and b"[not-whole]" in r.stderr, "and it is no file", r)
finally:
    b.stop(); shutil.rmtree(tmp, ignore_errors=True)
end()
