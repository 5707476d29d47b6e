#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""The evidence pack: its sheets say what has happened, each by the row that proves it; its report has a page for each control."""
import csv, html.parser, json, os, re, shutil, sqlite3, subprocess, sys, zipfile

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import ok, needs_bastion, without, end
needs_bastion()
from bastion import Bastion

CONTROLS = "5.3 5.15 5.16 5.17 5.18 5.28 5.33 5.34 5.36 8.2 8.3 8.5 8.9 8.10 8.13 8.15 8.16 8.17 8.18 8.20 8.32".split()
POLICY = "role lead { lena }\npermit bench any on env=bench as root id bench\nrequire approval 1 from role lead for bench shell on env=bench id four-eyes\npermit lena get on env=bench as root path /srv/** id reads\npermit lena put on env=bench as root path /srv/** id may-reads\n" \
    "time office Mon-Fri 09:00-18:00 Asia/Shanghai\npermit dba exec on env=bench as root cmd { /usr/bin/pg_lsclusters } when office id dba-ro\n" \
    "permit dba any on env=prod from 192.0.2.0/24 id dba-far\npermit dba shell on env=lab as root options { mem 1G } id limited\n" \
    "permit dba forward on env=lab id through\nrole robots { cert:ci }\npermit role robots exec on env=bench as root id robots\npermit dba get on env=open id open\npermit dba put on env=open as www id open-www\ndeny any forward on any to 169.254.0.0/16:* id link-local\n"
b = Bastion(build, "KernelAudit off\n", POLICY)

def ssh(*words, key=None):
    argv = b.ssh("fortress")
    if key: argv[argv.index(b.key)] = key
    return subprocess.run([*argv, *words], capture_output=True, text=True, stdin=subprocess.DEVNULL)

class Page(html.parser.HTMLParser):
    """What a browser would make of it."""
    def __init__(self, text): super().__init__(); self.tags, self.words, self.on = [], "", []; self.feed(text)
    def handle_starttag(self, tag, attrs): self.tags.append(tag); self.on += [a for a, _ in attrs if a.startswith("on") or a == "src"]
    def handle_data(self, data): self.words += data

try:
    # Things happen.
    evil = "=cmd|'/C calc'!A0"
    ok(ssh("echo hello").returncode == 0, "a command"); ssh(f"true '{evil}'"); ssh("true '<script>alert(1)</script>'"); ssh("true $'\\e]0;x\\a' 你好")
    b.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{b.dir}/stranger")
    ok(ssh("true", key=f"{b.dir}/stranger").returncode != 0, "a login that fails")
    open(f"{b.dir}/sent", "w").write("x" * 5000)
    scp = ["scp", "-P", str(b.port)] + [w for w in b.ssh("fortress")[1:-1] if w not in ("-p", str(b.port))] + [f"{b.dir}/sent", f"bench+box@127.0.0.1:{b.dir}/received"]
    r = subprocess.run(scp, capture_output=True, text=True); ok(r.returncode == 0, "a file is copied", r.stderr)
    b.ctl("host", "add", "other", "192.0.2.1", "--label", "env=prod", "--login", "root", "--hostkey", f"{b.dir}/hk.pub")
    r = subprocess.run([*b.ssh("fortress")[:-1], "bench+other@127.0.0.1", "true"], capture_output=True, text=True, stdin=subprocess.DEVNULL); ok(r.returncode == 255 and "[denied]" in r.stderr, "a host that no rule permits", r.stderr)
    b.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{b.dir}/lena"); b.ctl("user", "add", "lena"); b.ctl("key", "add", "lena", f"{b.dir}/lena.pub")
    def asked(name, *words): return subprocess.run([*(b.ssh("fortress")[:-1] if name == "bench" else [f"{b.dir}/lena" if w == b.key else w for w in b.ssh("fortress")[:-1]]), "-l", name, "127.0.0.1", *words], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    r = asked("bench", "request", "box", "--reason", "'disk =full'"); rid = r.stdout.strip(); ok(r.returncode == 0 and rid, "approval is asked for", r.stderr)
    r = asked("lena", "approve", rid); ok(r.returncode == 0, "and given", r.stderr)
    b.ctl("user", "add", "dba"); b.ctl("host", "add", "lab", "192.0.2.2", "--agent", "--label", "env=lab", "--login", "root", "--hostkey", f"{b.dir}/hk.pub")
    b.ctl("host", "add", "open", "192.0.2.3", "--label", "env=open", "--hostkey", f"{b.dir}/hk.pub")
    b.ctl("user", "add", "gone"); b.ctl("user", "disable", "gone")
    b.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{b.dir}/second")
    r = subprocess.run([*[f"{b.dir}/lena" if w == b.key else w for w in b.ssh("fortress")[:-1]], "-l", "lena", "127.0.0.1", "keys", "add"], stdin=open(f"{b.dir}/second.pub"), capture_output=True, text=True)
    ok(r.returncode == 0, "a key of one's own is added", r.stderr)
    b.ctl("host", "add", "late", "127.0.0.1", "--port", str(b.sshd_port), "--login", "root", "--label", "env=bench", "--trust-first-key")
    ok(asked("bench", "late", "true").returncode == 0, "a host's first key is pinned")
    b.ctl("user", "add", "wide"); long = [f"ticket /^{i}{'x' * 150}$/" for i in range(9)]
    open(f"{b.dir}/state/policy.conf", "w").write(POLICY + "# a remark\ndeny bench exec on env=prod id no-prod\n" +
        "permit wide shell on host box id wide\n" + "".join(f"require {t} for wide shell on host box\n" for t in long)); b.ctl("reload")
    b.wait_closed()
    b.ctl("session", "ls"); one = b.sessions()[0]["id"]; b.ctl("replay", "--text", one)
    pack, pdf = f"{b.dir}/pack", f"{b.dir}/report.pdf"
    b.ctl("audit", "export", "-o", pack); b.ctl("audit", "export", "-o", f"{b.dir}/pack.zip"); b.ctl("audit", "report", "-o", pdf); b.ctl("audit", "report", "-o", f"{b.dir}/report.html")

    # Sheets: CSV and JSON Lines say the same, and rows name events that are there.
    events = {e["id"]: e for e in map(json.loads, open(f"{pack}/events.jsonl"))}; sessions = {s["id"]: s for s in map(json.loads, open(f"{pack}/sessions.jsonl"))}
    sheets = {}
    for f in sorted(os.listdir(pack)):
        if f.endswith(".csv") and f[:-4] not in ("events", "sessions"):
            rows = list(csv.reader(open(f"{pack}/{f}", newline=""))); lines = [json.loads(l) for l in open(f"{pack}/{f[:-4]}.jsonl")]
            same = len(rows) == len(lines) + 1 and all(list(l) == rows[0] and [("" if v is None else str(v)) for v in l.values()] == [c[1:] if re.match("'[=+@\t\r-]", c) else c for c in r] for l, r in zip(lines, rows[1:]))
            proved = all(l["event"] in events for l in lines if "event" in l) and all(l["session"] in sessions for l in lines if l.get("session"))
            ok(same and proved, f"{f}: {len(lines)} rows, the same as its JSON, and each has its proof", rows[:3], lines[:2]); sheets[f[:-4]] = lines
    guarded = [c for f in os.listdir(pack) if f.endswith(".csv") for r in csv.reader(open(f"{pack}/{f}", newline="")) for c in r if re.match("[=+@-]", c) and not re.fullmatch(r"-?\d+", c)]
    ok(not guarded, "no cell of CSV begins like a formula", guarded[:3])
    ok({"echo hello", f"true '{evil}'"} <= {r["command"] for r in sheets["commands"]} and all((r["source"], r["confidence"], r["proof"]) == ("exec", "sure", "session") for r in sheets["commands"]), "commands", sheets["commands"][:2])
    ok(any(r["user"] == "bench" and r["source"] == "127.0.0.1" for r in sheets["failed-logins"]), "failed logins", sheets["failed-logins"])
    ok(any(r["path"].endswith("/received") and r["bytes"] == 5000 and r["operation"] == "put" and r["sha256"] for r in sheets["transfers"]), "transfers", sheets["transfers"])
    ok(any(r["host"] == "other" for r in sheets["denials"]), "denials", sheets["denials"])
    a = [r for r in sheets["approvals"] if r["request"] == rid]; ok([r["who"] for r in a[:2]] == ["bench", "lena"] and all(r["for_user"] == "bench" and r["verb"] == "shell" and r["host"] == "box" and r["reason"] == "disk =full" for r in a[:2]) and "lena" in a[1]["votes"], "approvals: who asked, who said yes", sheets["approvals"])
    ok(any("other" in str(r["after"]) and r["before"] is None for r in sheets["administration"]), "administrators' acts, with what was before and after", sheets["administration"][-1:])
    kinds = {(r["administrator"], r["kind"]) for r in sheets["administration"]}
    ok({("lena", "own account"), ("bench", "first host key"), ("root", "administration")} <= kinds and not {n for n, k in kinds if k == "administration"} & {"lena", "bench"}, "what people do for themselves, and what is pinned when they connect, is told from it", kinds)
    chart = Page(open(f"{pack}/report.html").read()).words.split("Administrators by acts")[-1].split("People with the most sessions")[0]
    ok("root" in chart and "lena" not in chart and "bench" not in chart, "and no one is an administrator by it", chart)
    users = {r["user"]: r for r in sheets["accounts"]}
    ok(users["bench"]["state"] == "active" and users["bench"]["last_login"] and users["bench"]["keys"] == 1 and users["gone"]["state"] == "disabled" and users["gone"]["last_login"] is None, "accounts", users)
    print_of = b.run("ssh-keygen", "-lf", f"{b.key}.pub").split()[1]
    ok([r["fingerprint"] for r in sheets["keys"] if r["user"] == "bench"] == [print_of], "keys, by the fingerprint that ssh-keygen names", sheets["keys"])
    reach = {(r["user"], r["host"]): r for r in sheets["access"]}
    ok((reach[("lena", "box")]["verbs"], reach[("lena", "box")]["rules"]) == ("put, get", "may-reads, reads"), "who may get some files is one who may; a rule whose name is the end of another's is named, too", sheets["access"])
    ok(reach[("bench", "box")]["rules"] == "bench" and "shell" in reach[("bench", "box")]["verbs"] and ("bench", "other") not in reach and not any(u == "gone" for u, _ in reach), "the access review", sheets["access"])
    parts = [(h, reach[("dba", h)]["verbs"], reach[("dba", h)]["in_part"], reach[("dba", h)]["rules"]) for h in ("box", "lab")]
    ok(parts == [("box", "exec", "exec", "dba-ro"), ("lab", "shell, forward", "forward", "limited, through")] and reach[("bench", "box")]["in_part"] == "forward", "who may at some hours, some commands, to some destinations, and what a staragent keeps, is in it, and is marked", parts, reach.get(("bench", "box")))
    ok(reach[("dba", "other")]["in_part"] == reach[("dba", "other")]["verbs"] != "", "so is who may from some addresses", reach[("dba", "other")])
    ok([(r["verbs"], r["rules"]) for r in sheets["access"] if (r["user"], r["host"]) == ("cert:ci", "box")] == [("exec", "robots")], "so is whom only a certificate knows", sheets["access"])
    open_ = sorted((r["login"], r["verbs"]) for r in sheets["access"] if r["host"] == "open")
    ok(open_ == [("*", "get"), ("root", "get"), ("www", "put, get")], "a host that lists no logins has all of them", open_)
    ok(sorted(reach[("wide", "box")]["requires"].split(", ")) == long, "however long the list of what is required is, it is whole", reach[("wide", "box")])
    ok(any(r["session"] == one for r in sheets["readings"]) and any("audit export" in r["text"] for r in sheets["readings"]), "who read", sheets["readings"])
    ok([r["version"] for r in sheets["policies"]] == [1, 2], "policies", sheets["policies"])
    diff = open(f"{pack}/policies.diff").read()
    ok("+deny bench exec on env=prod id no-prod\n" in diff and diff.count("+permit bench any") == 1, "what changed from one to the next", diff)
    ok(any("started" in r["text"] for r in sheets["service"]), "starts and stops", sheets["service"])
    ok(open(f"{pack}/fortress-verify.c").read() == open(f"{top}/contrib/verifier/fortress-verify.c").read(), "the verifier's source is in it")
    manifest = json.load(open(f"{pack}/manifest.json")); ok(manifest["clock_synchronised"] in (True, False) and len(manifest["files"]) == sum(len(f) for _, _, f in os.walk(pack)) - 2, "the manifest names all of it", manifest["files"][:2])

    # Who draws it is confined before it reads what strangers wrote.
    saved = f"{b.dir}/libexec"; os.mkdir(saved)
    for p in ("fortress-monitor", "fortress-store"): os.symlink(os.path.abspath(f"{build}/{p}"), f"{saved}/{p}")
    open(f"{saved}/fortress-report", "w").write(f'#!/bin/sh\ncat >"{b.dir}/report.doc"\nexec "{os.path.abspath(build)}/fortress-report" "$1" <"{b.dir}/report.doc"\n'); os.chmod(f"{saved}/fortress-report", 0o755)
    for form in ("html", "pdf"):
        b.run(f"{build}/fortress", "audit", "report", "--offline", "-o", f"{b.dir}/drawn.{form}", env=dict(b.env, FORTRESS_LIBEXEC=saved))
        p = subprocess.Popen([f"{build}/fortress-report", form], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        def status(key): return [l.split()[1] for l in open(f"/proc/{p.pid}/status") if l.startswith(key + ":")][0]
        b.wait(lambda: status("Seccomp") == "2")
        ok(status("NoNewPrivs") == "1" and int(status("CapEff"), 16) == 0 and (os.geteuid() != 0 or status("Uid") != "0"), f"report.{form}: its drawer has no rights before it reads", status("Uid"), status("CapEff"))
        ok(p.communicate(open(f"{b.dir}/report.doc", "rb").read())[0] == open(f"{b.dir}/drawn.{form}", "rb").read() and p.returncode == 0, f"report.{form}: and draws", p.returncode)
    # The report.
    page = Page(open(f"{pack}/report.html").read())
    ok(all(f"Annex A {c}\n" in page.words for c in CONTROLS), "report.html: a page for each control", [c for c in CONTROLS if f"Annex A {c}\n" not in page.words])
    ok("script" not in page.tags and "img" not in page.tags and not page.on and "<script>alert(1)</script>" in page.words and page.tags.count("svg") > 5, "nothing in it runs or is fetched; what was typed is text", page.on)
    text = page.words
    none = re.search(r"There is no evidence in the period for: ([^\n]*)\.\n", text)
    ok(none and "8.10" in none[1] and "8.13" in none[1] and "8.15" not in none[1] and text.count("There is no evidence for this control in the period.") == len(none[1].split(", ")), "where there is none it says so", none and none[1])
    ok(all(w in text for w in ("PCI DSS 4.0", "SOC 2", "MLPS 2.0", "CC6.1", "10.2.1", "8.1.4.3")), "the table across catalogues")
    for path in (f"{pack}/report.pdf", pdf):
        if not without(not shutil.which("pdftotext"), "the PDF as text", "no pdftotext"):
            shown = b.run("pdftotext", "-layout", path, "-"); pages = shown.split("\f")[:-1]
            first = re.search(r"1 / (\d+)", pages[0])
            ok(first and int(first[1]) == len(pages) and all(any(re.search(rf"Annex A {re.escape(c)}\s", p) for p in pages) for c in CONTROLS), f"{os.path.basename(path)}: {len(pages)} pages, each control has its own")
            ok(all(re.search(r"(A\.\d\.\d+|summary|other)\s+·\s+\d+ / \d+", p) for p in pages[1:]), "each page names its control")
            ok(all("box" in p for p in pages if "Annex A 8.15" in p) and "<script>" in shown and "\x1b" not in shown, "what was typed is text")
    # Periods, people, hosts.
    part = f"{b.dir}/part"; b.ctl("audit", "export", "--user", "bench", "--host", "box", "-o", part)
    rows = [json.loads(l) for f in os.listdir(part) if f.endswith(".jsonl") and f not in ("policies.jsonl", "keys.jsonl", "accounts.jsonl", "segments.jsonl") for l in open(f"{part}/{f}")]
    ok(rows and all(r.get("host", "box") in ("box", "") and r.get("user", r.get("actor", "bench")) == "bench" for r in rows), "one user on one host", [r for r in rows if r.get("host", "box") != "box"][:3])
    past = f"{b.dir}/past"; b.ctl("audit", "export", "--to", "2026-01-01", "-o", past)
    ok(all(not open(f"{past}/{f}").read() for f in ("events.jsonl", "commands.jsonl", "failed-logins.jsonl", "policies.jsonl")), "a time when nothing had happened")
    r = subprocess.run([f"{build}/fortress", "audit", "verify", past, "--key", f"{b.dir}/state/keys/checkpoint_ed25519.pub"], env=b.env, capture_output=True, text=True); ok(r.returncode == 0, "verifies", r.stderr)
    # The same again.
    b.bastion.terminate(); b.bastion.wait()
    for n, zone in enumerate(("UTC", "America/New_York")):
        b.run(f"{build}/fortress", "audit", "export", "--offline", "-o", f"{b.dir}/{n}.zip", env=dict(b.env, TZ=zone, LANG="zh_CN.UTF-8" if n else "C"))
    same = open(f"{b.dir}/0.zip", "rb").read() == open(f"{b.dir}/1.zip", "rb").read()
    with zipfile.ZipFile(f"{b.dir}/0.zip") as x, zipfile.ZipFile(f"{b.dir}/1.zip") as y: differ = [i for i in x.namelist() if x.read(i) != y.read(i)]
    ok(same and not differ, "the same record makes the same bytes", differ)
    r = subprocess.run([f"{build}/fortress", "audit", "report", "--offline", "-o", f"{b.dir}/x.doc"], env=b.env, capture_output=True, text=True); ok(r.returncode == 2 and ".pdf" in r.stderr, "a form that there is not", r.stderr)
    r = subprocess.run([f"{build}/fortress", "audit", "report", "--offline", "-o", f"{b.dir}/y.pdf"], env=dict(b.env, FORTRESS_LIBEXEC="/proc/none"), capture_output=True, text=True)
    ok(r.returncode == 1 and "fortress-report" in r.stderr and not os.path.exists(f"{b.dir}/y.pdf"), "without fortress-report it says so", r.stderr)
    r = subprocess.run([f"{build}/fortress", "audit", "export", "--offline", "-o", f"{b.dir}/y"], env=dict(b.env, FORTRESS_LIBEXEC="/proc/none"), capture_output=True, text=True)
    ok(r.returncode == 0 and "has no report" in r.stderr and not os.path.exists(f"{b.dir}/y/report.pdf") and os.path.exists(f"{b.dir}/y/failed-logins.csv"), "an export is made all the same", r.stderr)
    # More users and hosts than can be asked about, each pair.
    c = sqlite3.connect(f"{b.dir}/state/db/fortress.db", isolation_level=None)
    for (t,) in c.execute("SELECT name FROM sqlite_schema WHERE type='trigger'").fetchall(): c.execute(f"DROP TRIGGER {t}")
    for table, one in (("user", "bench"), ("host", "box")):
        rest = ",".join(r[1] for r in c.execute(f"PRAGMA table_info({table})") if r[1] != "name")
        c.execute(f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<1500) INSERT INTO {table}(name,{rest}) SELECT name||i,{rest} FROM n, {table} WHERE name='{one}'")
    c.close(); r = subprocess.run([f"{build}/fortress", "audit", "export", "--offline", "-o", f"{b.dir}/many"], env=b.env, capture_output=True, text=True)
    ok(r.returncode == 0 and "too many" in r.stderr and open(f"{b.dir}/many/access.jsonl").read() == "" and len(open(f"{b.dir}/many/accounts.jsonl").readlines()) > 1500, f"an export is made without the access review: {r.stderr.strip()[:150]}", r.returncode, r.stderr)
    ok("There is no access review: 15" in Page(open(f"{b.dir}/many/report.html").read()).words, "and its report says so")
    r = subprocess.run([f"{build}/fortress", "audit", "export", "--offline", "--user", "bench", "-o", f"{b.dir}/fewer"], env=b.env, capture_output=True, text=True)
    ok(r.returncode == 0 and "review" not in r.stderr and len(open(f"{b.dir}/fewer/access.jsonl").readlines()) > 1500, "of one user it is there", r.returncode, r.stderr)
finally:
    b.stop()
end()
