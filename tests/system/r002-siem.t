#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""Events for a SIEM: each line of each form is parsed by its own grammar, and says what audit ls says; a reader goes on where it stopped."""
import fcntl, json, os, re, sqlite3, struct, subprocess, sys, termios

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import ok, needs_bastion, end
needs_bastion()
from bastion import Bastion

def rfc5424(line):
    """RFC 5424 section 6, strictly: (header, params, message)."""
    m = re.fullmatch(r'<(\d{1,3})>1 (\S+) ([!-~]{1,255}) ([!-~]{1,48}) (-|[!-~]{1,128}) ([!-~]{1,32}) \[([!-<>-\\^-~]{1,32}) ((?:[^"\\\]]|\\.|"(?:[^"\\\]]|\\["\\\]])*")*)\] \ufeff(.*)', line)
    params = re.findall(r'([!-<>-~]{1,32})="((?:[^"\\\]]|\\["\\\]])*)"', m[8])
    if " ".join(f'{k}="{v}"' for k, v in params) != m[8]: raise ValueError(m[8])
    return m.groups()[:7], {k: re.sub(r'\\(["\\\]])', r"\1", v) for k, v in params}, m[9]

def cef(line):
    """(seven fields of the header, extensions)."""
    parts = re.split(r"(?<!\\)\|", line, maxsplit=7)
    keys = list(re.finditer(r"(?:^| )([A-Za-z0-9]+)=(?=((?:[^=\\]|\\[=\\rn])*?)(?= [A-Za-z0-9]+=|$))", parts[7]))
    ext = {m[1]: re.sub(r"\\([=\\])", r"\1", m[2]) for m in keys}
    if " ".join(f"{m[1]}={m[2]}" for m in keys) != parts[7]: raise ValueError(parts[7])
    return parts[:7], ext

b = Bastion(build, "KernelAudit off\n")
try:
    # Words that are special somewhere: in SSH, in a shell, in syslog, CEF, JSON, on a terminal.
    words = ["plain", 'a"b]c\\d', "x=y|z", "new\nline", "\x1b]0;title\x07", "你好 é", "[fortress@32473 id=\"1\"] <14>1 -", "a\tb", "CEF:0|x|", "trailing\\"]
    for w in words: subprocess.run([*b.ssh("fortress"), "true '%s'" % w], stdin=subprocess.DEVNULL, capture_output=True)
    for name in ('no"such]', "bad\nname", "a=b|c"): subprocess.run([*b.ssh("fortress")[:-1], "-l", name, "127.0.0.1", "true"], stdin=subprocess.DEVNULL, capture_output=True)
    open(f"{b.dir}/f", "w").write("x"); subprocess.run(["scp", "-P", str(b.port), *[w for w in b.ssh("fortress")[1:-1] if w not in ("-p", str(b.port))], f"{b.dir}/f", f"bench+box@127.0.0.1:{b.dir}/g=\"]|x"], capture_output=True)
    b.ctl("user", "add", "gone"); b.ctl("user", "disable", "gone")
    b.wait_closed()
    b.ctl("replay", "--text", b.sessions()[0]["id"])
    rows = {e["id"]: e for e in json.loads(b.ctl("--json", "audit", "ls", "--limit", "1000"))}
    lines = {f: b.ctl("audit", "stream", "--format", f).split("\n")[:-1] for f in ("rfc5424", "cef", "ocsf")}
    ok(all(len(l) == len(rows) for l in lines.values()), "each event is one line", {f: len(l) for f, l in lines.items()}, len(rows))
    control = re.compile("[\x00-\x1f\x7f]")
    ok(not any(control.search(l) for f in lines.values() for l in f), "no control character in any")

    bad = []
    for line in lines["rfc5424"]:
        try:
            (pri, at, host, app, proc, msgid, sd), p, text = rfc5424(line); e = rows[int(p["id"])]
            want = {"actor": e["actor"], "host": e["host"], "src": e["source"], "session": e["session"]}
            if not (int(pri) // 8 == 13 and app == "fortress" and msgid == e["class"] and at == e["time"] and p["ok"] == str(int(e["ok"])) and
                    all(p.get(k, "") == (v or "").replace("\\", "\\\\") for k, v in want.items()) and (json.loads(p["detail"]) if "detail" in p else None) == e["detail"] and
                    text == e["text"].replace("\\", "\\\\")): bad.append((line, e))
        except Exception as x: bad.append((repr(x), line))
    ok(not bad, f"RFC 5424: {len(lines['rfc5424'])} lines, each by its grammar and with the event's own words", *bad[:2])
    bad = []
    for line in lines["cef"]:
        try:
            head, x = cef(line); e = rows[int(x["externalId"])]
            if not (head[:3] == ["CEF:0", "Fortress", "Fortress"] and head[4] == f"{e['class_uid']}:{e['activity']}" and 0 <= int(head[6]) <= 10 and x["outcome"] == ("success" if e["ok"] else "failure") and
                    x.get("suser", "") == (e["actor"] or "").replace("\\", "\\\\") and x.get("src", x.get("shost", "")) == (e["source"] or "") and
                    (json.loads(x["cs2"]) if "cs2" in x else None) == e["detail"] and x["msg"] == e["text"].replace("\\", "\\\\")): bad.append((line, e))
        except Exception as err: bad.append((repr(err), line))
    ok(not bad, f"CEF: {len(lines['cef'])} lines", *bad[:2])
    bad = []
    activities = {1001: {1: "Create", 2: "Read", 3: "Update", 4: "Delete", 5: "Rename", 6: "Set Attributes"}, 1008: {99: "Read"}, 3001: {1: "Create", 6: "Delete"}, 3002: {1: "Logon", 99: "Refuse"},
                  3003: {1: "Assign Privileges", 99: "Refuse"}, 3004: {1: "Create", 3: "Update", 4: "Delete"}, 4007: {1: "Open", 2: "Close", 5: "Refuse", 6: "Traffic", 7: "Listen", 99: "Control"}, 6002: {3: "Start", 4: "Stop", 99: "Fault"}}
    for line in lines["ocsf"]:
        try:
            o = json.loads(line); e = rows[int(o["metadata"]["uid"])]; c = o["class_uid"]
            if not (c == e["class_uid"] and o["category_uid"] == c // 1000 and o["type_uid"] == c * 100 + o["activity_id"] and activities[c][o["activity_id"]] == o["activity_name"] and o["status_id"] == (1 if e["ok"] else 2) and
                    o["severity_id"] == e["severity"] and o["metadata"]["version"] and o["metadata"]["product"]["vendor_name"] and o["device"]["type_id"] == 1 and o["message"] == e["text"] and o["unmapped"]["detail"] == e["detail"] and isinstance(o["time"], int) and
                    (o.get("actor", {}).get("user", {}).get("name", "") == (e["actor"] or "")) and o.get("src_endpoint", {}).get("ip", o.get("src_endpoint", {}).get("hostname", "")) == (e["source"] or "")): bad.append((line, e))
            need = {3002: "user", 3003: "user", 3001: "user", 3004: "entity", 1001: "file", 6002: "app"}.get(c)
            if need and need not in o: bad.append((need, line))
        except Exception as err: bad.append((repr(err), line))
    ok(not bad, f"OCSF: {len(lines['ocsf'])} lines, class, activity and type as the schema has them", *bad[:2])
    ok({1001, 1008, 3002, 3003, 3004, 4007, 6002} <= {json.loads(l)["class_uid"] for l in lines["ocsf"]}, "of all classes")
    ok(all(json.loads(l)["activity_name"] == "Read" for l in lines["ocsf"] if json.loads(l)["class_uid"] == 1008), "who reads the record does not clear it")

    # Where a reader stopped.
    ids = [json.loads(l)["metadata"]["uid"] for l in lines["ocsf"]]; half = ids[len(ids) // 2]
    ok(b.ctl("audit", "stream", "--format", "ocsf", "--after", half).split("\n")[:-1] == lines["ocsf"][len(ids) // 2 + 1:], "--after: the rest, no line twice and none left out")
    ok(b.ctl("audit", "stream", "--format", "cef", "--after", ids[-1]) == "", "--after the last: nothing")
    ok(b.ctl("audit", "ls", "--format", "rfc5424", "--limit", "3").count("\n") == 3 and b.ctl("audit", "ls", "--after", half).count("\n") >= len(ids) - len(ids) // 2 - 1, "audit ls knows both")
    p = subprocess.Popen([f"{build}/fortress", "audit", "stream", "--follow", "--after", ids[-1]], env=b.env, stdout=subprocess.PIPE, text=True)
    b.ctl("user", "add", "later"); seen = json.loads(p.stdout.readline())
    ok("later" in seen["message"] and int(seen["metadata"]["uid"]) == int(ids[-1]) + 1, "--follow goes on with what comes", seen)
    p.terminate(); p.wait()
    r = subprocess.run([f"{build}/fortress", "audit", "stream", "--after", str(int(ids[-1]) + 1000)], env=b.env, capture_output=True, text=True)
    ok(r.returncode == 1 and r.stdout == "" and "older than what was read" in r.stderr and r.stderr.count("\n") == 1, f"a position that never was: {r.stderr.strip()}", r.returncode)
    for follow in ([], ["--follow", "--after", "1"]):
        read, write = os.pipe(); fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 4096)
        p = subprocess.Popen([f"{build}/fortress", "audit", "stream", *follow], env=b.env, stdout=write); os.close(write)
        b.wait(lambda: struct.unpack("i", fcntl.ioctl(read, termios.FIONREAD, bytes(4)))[0] > 2048)          # the next one does not fit
        db = sqlite3.connect(f"{b.dir}/state/db/fortress.db", timeout=10); busy = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone(); db.close()
        ok(busy[0] == 0, f"{' '.join(follow) or 'once'}: a reader that stops reading keeps no WAL growing", busy)
        if not follow: ok(b"".join(iter(lambda: os.read(read, 65536), b"")).count(b"\n") == b.ctl("audit", "stream").count("\n") and p.wait() == 0, "and has missed nothing when it goes on"); os.close(read); continue
        out, last = b"", json.loads(b.ctl("--json", "audit", "ls", "--limit", "1"))[0]["id"]
        while b'"uid":"%d"' % last not in out: out += os.read(read, 65536)
        os.close(read); ok(p.wait(10) is not None, "one that has gone ends it, though nothing more happens")
    ok(b.ctl("audit", "stream", "--failed", "--class", "login", "--format", "ocsf").count("\n") == sum(e["class"] == "login" and not e["ok"] for e in rows.values()), "filters hold")
    for args, words in ((["--format", "xml"], "rfc5424"), (["--after", "x"], "not the id"), (["--after", "-1"], "not the id")):
        r = subprocess.run([f"{build}/fortress", "audit", "stream", *args], env=b.env, capture_output=True, text=True); ok(r.returncode == 2 and words in r.stderr and r.stderr.count("\n") == 1, f"{' '.join(args)}: {r.stderr.strip()}", r.returncode)
finally:
    b.stop()
end()
