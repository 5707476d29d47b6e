#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""The fortress command: every refusal says what, why and what to do; 2 when it was not understood, 1 when it failed."""
import json, os, shutil, sqlite3, subprocess, sys, tempfile

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
import tap
from tap import ok
tap.needs_bastion()
from bastion import Bastion
from terminal import Terminal, on_pty, until

b = Bastion(build, "KernelAudit off\n")
# Every account may use the program, so that one without rights can be tried.
bin = tempfile.mkdtemp(prefix="fortress-bin"); os.chmod(bin, 0o755)
for program in ("fortress", "fortress-monitor"): os.chmod(shutil.copy(f"{build}/{program}", bin), 0o755)

def fortress(*args, env=b.env, **kw):
    return subprocess.run([f"{build}/fortress", *args], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, **kw)
def refused(status, words, *args):
    r = fortress(*args)
    ok(r.returncode == status and all(w in r.stderr for w in words) and r.stdout in ("", "[]\n"), "fortress " + " ".join(args), r.returncode, r.stdout, r.stderr)
def on_screen(columns, *args):
    """What a terminal of so many columns gets."""
    child, fd = on_pty([f"{build}/fortress", *args], b.env, (24, columns))
    out = b""
    while True:
        try: data = os.read(fd, 4096)
        except OSError: break
        if not data: break
        out += data
    os.close(fd); os.waitpid(child, 0)
    return out.decode().replace("\r\n", "\n")

try:
    # --- output that does not arrive ---
    for args in (("user", "list"), ("--json", "user", "list"), ("--csv", "session", "ls"), ("audit", "stream"), ("host", "list"), ("policy", "print")):
        with open("/dev/full", "w") as full: r = subprocess.run([f"{build}/fortress", *args], env=b.env, stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, text=True, timeout=20)
        ok(r.returncode == 1 and r.stderr.startswith("fortress: "), f"a full disk is told: {' '.join(args)}", r.returncode, r.stderr)

    # --- words that are none ---
    refused(2, ["fortress session ls: --foo: no such option", "usage: fortress session ls"], "session", "ls", "--foo")
    refused(2, ["--hots: no such option; did you mean --host?"], "session", "ls", "--hots", "x")
    refused(2, ["--user: needs a value"], "session", "ls", "--user")
    refused(2, ["sesion: no such command", 'did you mean "session"'], "sesion", "ls")
    refused(2, ["nosuch: no such command"], "help", "nosuch")
    refused(2, ["--state: needs a directory"], "--state")
    refused(2, ["--json and --csv"], "status", "--json", "--csv")
    refused(2, ["--raw and --cast"], "session", "print", "--raw", "--cast", "X")
    refused(2, ["USER is missing"], "enroll")
    refused(2, ["user add: b: not understood here"], "user", "add", "a", "b")
    refused(2, ["nothing to change"], "user", "set", "bench")
    refused(2, ["nothing to change"], "host", "set", "box")
    refused(2, ["--agent and --sshd"], "host", "add", "w1", "10.0.0.1", "--agent", "--sshd")
    refused(2, ["ID is missing"], "replay")
    refused(2, ["fortress replay: --sped: no such option; did you mean --speed?"], "replay", "--sped", "4", "X")
    refused(2, ["--speed: needs a value"], "replay", "X", "--speed")
    refused(1, ["there is no session 01ABC"], "replay", "--speed", "4", "01ABC")
    for args, text in ((("session", "--help"), "session show"), (("session", "ls", "--help"), "--since"), (("serve", "--help"), "--background"),
                       (("help", "session", "ls"), "newest first"), (("--help",), "fortress doctor")):
        r = fortress(*args); ok(r.returncode == 0 and text in r.stdout and r.stderr == "", "fortress " + " ".join(args), r.stdout, r.stderr)

    ok(fortress("--json", "host", "ls").stdout == fortress("--json", "host", "list").stdout != "", "ls and list are one verb")
    r = fortress("help", "session", "list"); ok(r.returncode == 0 and r.stdout.count("  fortress session ls") == 1, "in the help too", r.stdout, r.stderr)

    # --- values that are none ---
    refused(2, ["--ttl x: write how long"], "enroll", "bench", "--ttl", "x")
    refused(2, ["--from foo: write 2026"], "audit", "export", "--from", "foo", "-o", f"{b.dir}/p")
    refused(2, ["--since foo: write 2026"], "session", "ls", "--since", "foo")
    refused(2, ["--limit x"], "session", "ls", "--limit", "x")
    refused(2, ["--state-is ended: the states are"], "session", "ls", "--state-is", "ended")
    refused(2, ["--port 0"], "host", "add", "w1", "10.0.0.1", "--port", "0")
    refused(2, ["--label x: a label is key=value"], "host", "add", "w1", "10.0.0.1", "--label", "x")
    refused(2, ["--from 10.0.0.300: not an IP address"], "policy", "explain", "--from", "10.0.0.300", "bench", "shell", "box")
    refused(2, ["--at foo: write 2026"], "policy", "explain", "--at", "foo", "bench", "shell", "box")
    refused(2, ["shel: no such verb; did you mean shell?"], "policy", "explain", "bench", "shel", "box")
    refused(2, ["HOST is missing"], "policy", "explain", "bench", "shell")

    # --- one object each ---
    for words, keys in ((("version",), ["version"]), (("policy", "check"), ["file", "rules", "requirements", "watches"]), (("reload",), ["loaded"]),
                        (("status",), ["users", "hosts", "rules", "policy", "policy_error"])):
        r = fortress("--json", *words); ok(r.returncode == 0 and list(json.loads(r.stdout)) == keys, f"{' '.join(words)} as JSON", r.stdout, r.stderr)

    # --- names that nobody has ---
    refused(1, ["there is no user nobody"], "key", "list", "nobody")
    refused(1, ["there is no user nobody"], "session", "ls", "--user", "nobody")
    refused(1, ["there is no host nowhere"], "session", "ls", "--json", "--host", "nowhere")
    refused(1, ["there is no user nobody"], "audit", "export", "--user", "nobody", "-o", f"{b.dir}/p")
    ok(not os.path.exists(f"{b.dir}/p"), "and no export is made")
    r = fortress("session", "ls", "--user", "bench"); ok(r.returncode == 0 and "no sessions" in r.stderr, "one who has done nothing yet", r.stderr)
    b.ctl("user", "add", "alice")
    r = fortress("enroll", "alise"); ok(r.returncode == 0 and "no user alise yet" in r.stderr and "did you mean alice?" in r.stderr and
                                        len(r.stdout.split()) == 1, "a code for somebody new, with a remark", r.stderr)
    r = fortress("enroll", "alice"); ok(r.returncode == 0 and r.stderr == "", "and none for one who is known", r.stderr)
    t = Terminal(f"{build}/fortress", "enroll", "alice", env=b.env); until(t.ended); t.close()
    code = t.out.split("\r")[0]; ok(code.startswith("e-") and f"is alice's: ssh alice+{code}@bastion" in t.out, "on a terminal it says what to do with it", t.out)

    # --- hosts ---
    refused(1, ['"bad addr" is not an address'], "host", "add", "w1", "bad addr", "--trust-first-key")
    refused(1, ["alias agent: there is a host of that name"], "host", "set", "box", "--alias", "agent")
    refused(1, ["box is the host's own name"], "host", "set", "box", "--alias", "box")
    r = fortress("host", "add", "w1", "10.0.0.1", "--trust-first-key", "--label", "env=x", "--label", "tier=db", "--login", "a", "--login", "b")
    ok(r.returncode == 0 and r.stderr == "", "a good one is added without a word", r.stderr)
    r = fortress("host", "set", "box", "--trust-first-key"); ok(r.returncode == 0 and "box has a pinned key, which stays: --hostkey FILE" in r.stderr, "a key that is pinned is not forgotten, and that is said", r.stderr)
    r = fortress("host", "set", "w1", "--trust-first-key"); ok(r.returncode == 0 and r.stderr == "", "where there is none, not a word", r.stderr)
    r = fortress("host", "set", "w1", "--login", "", "--alias", "other"); row = json.loads(fortress("--json", "host", "list").stdout)[-1]
    ok(r.returncode == 0 and "w1 has no login" in r.stderr and (row["name"], row["logins"], row["aliases"]) == ("w1", [], ["other"]), "an empty login is none, and what follows is said", r.stderr, row)
    r = fortress("host", "set", "w1", "--alias", "", "--login", "a", "--login", "b"); row = json.loads(fortress("--json", "host", "list").stdout)[-1]
    ok(r.returncode == 0 and r.stderr == "" and (row["logins"], row["aliases"]) == (["a", "b"], []), "so is an empty alias", r.stderr, row)
    r = fortress("host", "add", "w2", "10.0.0.2", "--trust-first-key", "--alias", "second")
    ok(r.returncode == 0 and "w2 has no login" in r.stderr, "one without a login with one", r.stderr)
    refused(1, ["second is an alias of host w2"], "host", "add", "second", "10.0.0.3", "--trust-first-key")
    w1 = next(h for h in json.loads(b.ctl("--json", "hosts")) if h["name"] == "w1")
    ok(w1["labels"] == ["env=x", "tier=db"] and w1["logins"] == ["a", "b"] and "allowed" not in w1, "lists are lists, and nobody's hosts are allowed to nobody", w1)
    ok("allowed" in json.loads(b.ctl("--json", "hosts", "--user", "bench"))[0], "somebody's say whether")
    shown = [json.loads(b.ctl("--json", "hosts", "--user", u, *o)) for u, o in (("bench", ()), ("bench", ("--allowed",)))]
    ok([h["name"] for h in shown[1]] == [h["name"] for h in shown[0] if h["allowed"]] and len(shown[1]) < len(shown[0]), "--allowed leaves the others out", shown)
    refused(2, ["--user names one"], "hosts", "--allowed")
    refused(1, ["there is no user nobody"], "--json", "hosts", "--user", "nobody")
    ok(json.loads(b.ctl("--json", "host", "list"))[0]["labels"] == ["env=bench"], "host list too")

    # --- sessions ---
    for command in ("exit 7", "kill -TERM $$"): subprocess.run(b.ssh("fortress") + [command], stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    rows = {r["command"]: r for r in b.sessions()}
    ok((rows["exit 7"]["exit"], rows["exit 7"]["signal"]) == (7, ""), "an exit status is a number", rows)
    ok((rows["kill -TERM $$"]["exit"], rows["kill -TERM $$"]["signal"]) == (None, "TERM"), "a signal has its name", rows)
    ok("SIGTERM" in b.ctl("session", "ls"), "people see it in one place")
    wide, narrow = on_screen(200, "session", "ls"), on_screen(80, "session", "ls")
    ok("seconds" in wide and all(len(l) <= 80 for l in narrow.splitlines()) and rows["exit 7"]["id"] in narrow,
       "a table fits its terminal, and ids stay whole", narrow)
    ok(max(map(len, b.ctl("session", "ls").splitlines())) > 80, "what goes elsewhere is not cut")

    for args in (("--at", "0", "--text"), ("--at=0", "--text")):
        r = fortress("replay", *args, rows["exit 7"]["id"]); ok(r.returncode == 0, f"replay {' '.join(args)} ID", r.stderr)

    # --- a state that is named by a link ---
    os.symlink("state", f"{b.dir}/link")
    for args in (("session", "ls"), ("audit", "grep", "exit 7"), ("replay", "--text", rows["exit 7"]["id"]), ("status",)):
        r = fortress("--state", f"{b.dir}/link", *args); ok(r.returncode == 0, f"a link leads to the state: {' '.join(args)}", r.stdout, r.stderr)

    # --- a state that may not be read, or is none ---
    def as_nobody(*args, state=f"{b.dir}/state"):
        env = {k: v for k, v in b.env.items() if k != "FORTRESS_STATE"} | {"FORTRESS_LIBEXEC": bin}
        if state: env["FORTRESS_STATE"] = state
        return subprocess.run([f"{bin}/fortress", *args], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, user=65534, group=65534)
    r = as_nobody("session", "ls"); ok(r.returncode == 1 and "Permission denied: only root and the bastion's own accounts may" in r.stderr, "an unreadable database is called so, with who may", r.stderr)
    d = {x["check"]: x for x in json.loads(as_nobody("--json", "doctor").stdout)}
    ok("Permission denied" in d["database"]["found"] and "as root" in d["database"]["what_to_do"] and "as root" in d["bastion"]["what_to_do"],
       "and doctor says who may", d["database"], d["bastion"])
    r = as_nobody("session", "ls", state=None); ok(r.returncode == 1 and "--state" in r.stderr and "FORTRESS_STATE" in r.stderr, "a default state that is none: where to name it", r.stderr)
    r = as_nobody("status", state=None); ok(r.returncode == 1 and "--state" in r.stderr, "for the running bastion too", r.stderr)
    spoiled = f"{b.dir}/spoiled"; shutil.copytree(f"{b.dir}/state", spoiled, ignore=shutil.ignore_patterns("run", "*-shm"))
    d = {x["check"]: x for x in json.loads(fortress("--json", "--state", spoiled, "doctor").stdout)}["database"]
    ok(d["result"] == "ok", "doctor has nothing against a copy of the database", d)
    db = sqlite3.connect(f"{spoiled}/db/fortress.db"); db.execute("pragma wal_checkpoint(truncate)"); db.close()
    with open(f"{spoiled}/db/fortress.db", "r+b") as f: f.seek(8192); f.write(os.urandom(40000))
    d = {x["check"]: x for x in json.loads(fortress("--json", "--state", spoiled, "doctor").stdout)}["database"]
    ok(d["result"] == "fail" and "damaged" in d["found"] and "restore" in d["what_to_do"], "but sees that it is spoiled", d)
    said = {next(x for x in json.loads(fortress("--json", "doctor").stdout) if x["check"] == "kernel audit")["found"] for _ in range(10)}
    ok(len(said) == 1, "what doctor says of the kernel's audit log does not change", said)

    # --- exports, compared ---
    b.ctl("audit", "export", "-o", f"{b.dir}/first"); b.ctl("user", "add", "zoe"); b.ctl("audit", "export", "-o", f"{b.dir}/second.tar")
    r = fortress("audit", "verify", f"{b.dir}/second.tar", "--older", f"{b.dir}/first"); ok(r.returncode == 0, "a later export holds the earlier", r.stderr)
    r = fortress("audit", "verify", f"{b.dir}/first", "--older", f"{b.dir}/second.tar"); ok(r.returncode == 6 and "is older than" in r.stderr, "not the other way round", r.stderr)
    # With --offline only the leaves tell, as nothing new is signed.
    b.ctl("audit", "export", "--offline", "-o", f"{b.dir}/third"); b.ctl("user", "add", "zack")
    b.ctl("audit", "export", "--offline", "-o", f"{b.dir}/fourth")
    size = [int(open(f"{b.dir}/{n}/checkpoint").read().splitlines()[1]) for n in ("third", "fourth")]
    for older, newer, rc in (("third", "fourth", 0), ("fourth", "third", 6)):
        r = fortress("audit", "verify", f"{b.dir}/{newer}", "--older", f"{b.dir}/{older}")
        ok(r.returncode == rc and ("is older than" in r.stderr) == bool(rc), f"{older} is {'not ' * (rc != 0)}the beginning of {newer}, by unsigned leaves", size, r.stderr)
finally:
    shutil.rmtree(bin); b.stop()
tap.end()
