#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""Holds, retention, backup and restore: what is kept, what goes, and that the record says so."""
import glob, json, os, shutil, sqlite3, subprocess, sys, time

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import ok, needs_bastion, end
needs_bastion()
from bastion import Bastion

b = Bastion(build, "KernelAudit off\nRetainRecordings 30000d\n")
def fortress(*args, env=None): return subprocess.run([f"{build}/fortress", *args], env=env or b.env, capture_output=True, text=True)
def rows(*args): return json.loads(b.ctl("--json", *args))
def ssh(command, data=b""): return subprocess.run([*b.ssh("fortress"), command], input=data, capture_output=True)
def told(what): return [e for e in rows("audit", "ls", "--class", "service", "--limit", "1000") if (e["detail"] or {}).get("what") == what]
public = f"{b.dir}/state/keys/checkpoint_ed25519.pub"
try:
    for i in range(3): ssh(f"echo old {i}; head -c 200000 /dev/urandom | base64")
    b.wait_closed()
    # What these sessions left becomes a month that is long over: the partition's name is no part of any proof.
    b.bastion.terminate(); b.bastion.wait()
    db = f"{b.dir}/state/db"; now = os.path.basename(glob.glob(f"{db}/rec-*.seg")[0]); os.rename(f"{db}/{now}", f"{db}/rec-2025-01.seg")
    c = sqlite3.connect(f"{db}/fortress.db"); c.execute("UPDATE segment SET file='rec-2025-01.seg'"); c.commit(); c.close()
    def start():
        b.bastion = subprocess.Popen([f"{build}/fortress", "serve"], env=b.env, stdin=subprocess.DEVNULL, stdout=b.log, stderr=b.log); b.procs.append(b.bastion)
        b.wait(lambda: fortress("status").returncode == 0)
    start(); ssh("echo new"); b.wait_closed()
    ids = {s["command"].split(";")[0]: s["id"] for s in b.sessions()}; held, gone = ids["echo old 1"], ids["echo old 0"]

    # Holds.
    for args, words in ((("hold", "add", held), "--reason"), (("hold", "add", "01ZZZZ", "--reason", "x"), "no session"), (("hold", "del", held), "not held"), (("retention", "erase", "--before", "soon"), "2026-01"),
                        (("retention", "erase"), "missing"), (("restore", "x"), "--verify"), (("backup",), "-o")):
        r = fortress(*args); ok(r.returncode in (1, 2) and words in r.stderr, f"{' '.join(args)}: {r.stderr.splitlines()[0][:90]}", r.returncode, r.stderr)
    b.ctl("hold", "add", held, "--reason", "case 7: \"leak\"")
    h = rows("hold", "ls"); ok([x["session"] for x in h] == [held] and h[0]["reason"] == "case 7: \"leak\"" and h[0]["by"], "a hold", h)
    r = fortress("hold", "add", held, "--reason", "again"); ok(r.returncode == 1 and "already" in r.stderr, "only once", r.stderr)
    months = {m["month"]: m for m in rows("retention", "ls")}; ok(months["2025-01"]["sessions"] == 3 and months["2025-01"]["held"] == 1 and months["2025-01"]["erased"] is None, "by month", months)

    # Retention.
    ok(months["2025-01"]["due"][:10] == "2107-03-24", "what RetainRecordings will erase, and when", months["2025-01"])
    def doctor(): return next(x for x in json.loads(fortress("--json", "doctor").stdout) if x["check"] == "retention")
    d = doctor(); ok(d["result"] == "ok" and "2025-01 are the next to be erased, on 2107-03-24" in d["found"], f"doctor too: {d['found']}", d)
    b.ctl("retention", "confirm"); e = told("clock"); ok(len(e) == 1 and e[0]["ok"] and e[0]["actor"], "that the clock is right is on the record", e)
    r = fortress("retention", "erase", "--before", time.strftime("%Y-%m", time.gmtime())); ok(r.returncode == 0 and "2025-01: erased" in r.stdout, "a month is erased", r.stdout, r.stderr)
    b.wait(lambda: not os.path.exists(f"{db}/rec-2025-01.seg"))
    ok("old 1" in b.ctl("replay", "--export", "raw", held), "the held session is still there")
    r = fortress("replay", "--export", "raw", gone); ok(r.returncode != 0 and "erased" in r.stderr, f"the others are not: {r.stderr.strip()[:120]}", r.stdout[:200], r.stderr)
    ok("yes" in b.ctl("audit", "verify", "--db"), "the record verifies, with what is left and without what is gone")
    e = told("retention"); ok(len(e) == 1 and e[0]["detail"]["file"] == "rec-2025-01.seg" and e[0]["detail"]["sessions"] == 2 and e[0]["detail"]["bytes"] > 100000, "an event says what went", e)
    r = fortress("retention", "erase", "--before", "2030-01"); ok(os.path.exists(f"{db}/{now}") and "not over yet" in r.stderr, "the month that is still written stays", r.stdout, r.stderr)
    pack = f"{b.dir}/pack"; b.ctl("audit", "export", "-o", pack)
    r = fortress("audit", "verify", pack, "--key", public); ok(r.returncode == 0, "an export with erased parts verifies", r.stderr)
    r = subprocess.run([f"{build}/contrib/verifier/fortress-verify", pack, public], capture_output=True, text=True); ok(r.returncode == 0, "by the other verifier too", r.stderr)
    ok(os.path.getsize(f"{pack}/recordings/{gone}.frames") == 0 and os.path.getsize(f"{pack}/recordings/{held}.frames") > 200000 and len(open(f"{pack}/retention.csv").readlines()) == 3, "and shows it in its sheet")
    b.ctl("hold", "del", held); ok(rows("hold", "ls") == [] and len(told("release")) == 1, "let go")
    b.ctl("hold", "add", held, "--reason", "case 8"); ok("yes" in b.ctl("audit", "verify", "--db"), "and held again")

    # Backup while sessions run.
    p = subprocess.Popen([*b.ssh("fortress"), "while :; do echo tick; sleep 0.05; done"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE); p.stdout.readline()
    copy = f"{b.dir}/copy"; r = fortress("backup", "-o", copy); p.terminate(); p.wait()
    ok(r.returncode == 0 and "private keys are not in it" in r.stderr, "a backup while one is written", r.stderr)
    inside = sorted(os.path.relpath(f, copy) for f in glob.glob(f"{copy}/**", recursive=True) if os.path.isfile(f))
    ok({"db/fortress.db", "policy.conf", "fortress.conf", "keys/checkpoint_ed25519.pub", f"db/{now}"} <= set(inside) and not any(f.startswith("keys/") and not f.endswith(".pub") for f in inside), "what is in it", inside)
    ok(all(os.stat(f"{copy}/{f}").st_mode & 0o077 == 0 for f in inside), "nobody else may read it")
    r = fortress("backup", "-o", copy); ok(r.returncode == 1 and "already" in r.stderr and [x["ok"] for x in told("backup")] == [True, False], "it writes over nothing; both are on the record", r.stderr)
    big = f"{b.dir}/state/big.conf"; open(big, "wb").truncate(5 << 20)
    r = fortress("backup", "-o", f"{b.dir}/half"); ok(r.returncode == 1 and "big.conf" in r.stderr and not os.path.exists(f"{b.dir}/half"), f"what is not whole is taken away again: {r.stderr.strip()[:100]}", r.stderr)
    open(f"{copy}/big.conf", "wb").truncate(5 << 20); r = fortress("restore", copy, "--to", f"{b.dir}/half"); ok(r.returncode == 1 and "big.conf" in r.stderr and not os.path.exists(f"{b.dir}/half"), "nor is half a restore left", r.stderr)
    os.unlink(big); os.unlink(f"{copy}/big.conf")
    for i in range(1001): open(f"{b.dir}/state/many{i}.conf", "w").close()
    r = fortress("backup", "-o", f"{b.dir}/half"); ok(r.returncode == 1 and "more than 1000 files" in r.stderr and not os.path.exists(f"{b.dir}/half"), "a thousand files are too many, not as many as fit", r.stderr)
    for i in range(1001): os.unlink(f"{b.dir}/state/many{i}.conf")
    tried = f"{b.dir}/tried"; os.mkdir(tried)
    r = fortress("--json", "restore", copy, "--verify", env=b.env | {"TMPDIR": tried}); ok(r.returncode == 0 and json.loads(r.stdout)["verified"] and os.listdir(tried) == [], "a restore test holds, and leaves nothing", r.stdout, r.stderr)
    ok([x["ok"] for x in told("restore")] == [True], "and is on the record", told("restore"))
    # A backup that is not good.
    bad = f"{b.dir}/bad"; shutil.copytree(copy, bad)
    with open(f"{bad}/db/{now}", "r+b") as f: f.seek(3000); f.write(b"XXXX")
    r = fortress("restore", bad, "--verify"); ok(r.returncode == 6 and "session" in r.stderr and [x["ok"] for x in told("restore")] == [True, False], f"a damaged one does not: {r.stderr.strip()[:120]}", r.returncode)
    os.truncate(f"{bad}/db/{now}", 100); r = fortress("restore", bad, "--verify"); ok(r.returncode == 6 and "shorter" in r.stderr, f"nor does a short one: {r.stderr.strip()[:120]}", r.returncode)
    # Back, and to work.
    full = f"{b.dir}/full"; b.ctl("backup", "-o", full, "--keys"); last = max(e["id"] for e in rows("audit", "ls"))
    b.bastion.terminate(); b.bastion.wait()
    r = fortress("restore", full, "--to", f"{b.dir}/state"); ok(r.returncode == 1 and "already" in r.stderr, "a restore writes over nothing", r.stderr)
    shutil.rmtree(f"{b.dir}/state"); r = fortress("restore", full, "--to", f"{b.dir}/state"); ok(r.returncode == 0, "the state is put back", r.stderr)
    os.chmod(f"{b.dir}/state", 0o711); start()
    ok(ssh("echo again").stdout == b"again\n" and {held, gone} <= {s["id"] for s in b.sessions("--limit", "100")} and "old 1" in b.ctl("replay", "--export", "raw", held), "and the bastion works on, with all that was recorded")
    ok("yes" in b.ctl("audit", "verify", "--db") and max(e["id"] for e in rows("audit", "ls")) > last - 2, "it verifies")

    # Behind the record's back.
    b.bastion.terminate(); b.bastion.wait()
    def forged(name, words, *statements):
        d = f"{b.dir}/forged"; shutil.rmtree(d, ignore_errors=True); shutil.copytree(f"{b.dir}/state", d, ignore=lambda where, names: ["run"])
        c = sqlite3.connect(f"{d}/db/fortress.db", isolation_level=None)
        for (t,) in c.execute("SELECT name FROM sqlite_schema WHERE type='trigger'").fetchall(): c.execute(f"DROP TRIGGER {t}")
        for s in statements: c.execute(s)
        c.close(); r = fortress("audit", "verify", "--db", env=dict(b.env, FORTRESS_STATE=d))
        ok(r.returncode == 6 and words in r.stderr, f"{name}: {r.stderr.strip()[:140]}", r.returncode)
    forged("a month marked as erased", "no event", f"INSERT INTO gone VALUES('{now}', 1)")
    forged("a part marked as erased", "no event", f"UPDATE segment SET erased_us=1 WHERE file='{now}'")
    forged("a recording moved into the month that was erased", "erased there", "UPDATE segment SET file='rec-2025-01.seg' WHERE session_id=(SELECT max(session_id) FROM segment)")
    forged("a hold given to another session", "it has none of session", "UPDATE hold SET session_id=(SELECT max(id) FROM session)")
    d = f"{b.dir}/leapt"; shutil.copytree(f"{b.dir}/state", d, ignore=lambda where, names: ["run"])
    c = sqlite3.connect(f"{d}/db/fortress.db", isolation_level=None); c.execute("DROP TRIGGER event_no_update")
    c.execute("UPDATE event SET ok=0, text='the clock leapt' WHERE json_valid(detail) AND detail->>'$.what'='clock'"); c.close()
    r = fortress("--json", "doctor", env=dict(b.env, FORTRESS_STATE=d)); x = next(x for x in json.loads(r.stdout) if x["check"] == "retention")
    ok(x["result"] == "warn" and "leapt" in x["found"] and "retention confirm" in x["what_to_do"], f"a clock that leapt: {x['found']}", x)
    ok("retention confirm" in fortress("retention", "ls", env=dict(b.env, FORTRESS_STATE=d)).stderr, "and the list says so too")
    forged("a hold put in", "too many", f"INSERT INTO hold SELECT id,'x','x',1 FROM session ORDER BY id DESC LIMIT 1")
finally:
    b.stop()
end()
