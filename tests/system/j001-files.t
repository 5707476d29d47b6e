#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""Files through the bastion with real clients: every operation on the record, and policy by direction."""
import hashlib, json, os, subprocess, sys

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import end, needs_bastion, ok
needs_bastion()
from bastion import Bastion

b = Bastion(build, "KernelAudit off\n", """permit bench any on env=bench as root id bench
permit reader get on env=bench as root id reader
permit writer put on env=bench as root id writer
""")
for name in ("reader", "writer", "nobody"):
    b.ctl("user", "add", name)
    b.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{b.dir}/{name}"); b.ctl("key", "add", name, f"{b.dir}/{name}.pub")
def opts(name):
    key = b.key if name == "bench" else f"{b.dir}/{name}"
    return ["-F", "/dev/null", "-i", key, "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
            "-o", "LogLevel=ERROR", "-P", str(b.port)]
def run(*args, stdin=None, timeout=120):
    return subprocess.run(args, capture_output=True, timeout=timeout,
                          **({"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL}))
def sftp(name, host, *lines, more=()):
    return run("sftp", "-q", *opts(name), *more, "-b", "-", f"{name}+{host}@127.0.0.1", stdin="\n".join(lines).encode("utf-8", "surrogateescape") + b"\n")
def scp(name, *args): return run("scp", "-q", *opts(name), *args)
packs = 0
def events():
    """All file operations so far, from an export, oldest first."""
    global packs
    packs += 1
    b.ctl("audit", "export", "-o", f"{b.dir}/pack{packs}")
    rows = [json.loads(l) for l in open(f"{b.dir}/pack{packs}/events.jsonl")]
    return [dict(json.loads(r["detail"]) if isinstance(r["detail"], str) else r["detail"], actor=r["actor"], ok=r["ok"]) for r in rows if r["class"] == 1001]
def last(*ops): return [e for e in events() if e["op"] in ops]

data = os.urandom(3_000_000); sha = hashlib.sha256(data).hexdigest()
local, there = f"{b.dir}/local", f"{b.dir}/there"
os.makedirs(there); open(local, "wb").write(data)
try:
    for host in ("box", "agent"):
        r = sftp("bench", host, f"put {local} {there}/f", f"get {there}/f {b.dir}/back-{host}")
        ok(r.returncode == 0 and open(f"{b.dir}/back-{host}", "rb").read() == data, f"{host}: put and get", r)
        e = last("put", "get")[-2:]
        ok([(x["op"], x["bytes"], x["coverage"], x.get("sha256"), x["result"]) for x in e] == [
            ("put", len(data), "whole", sha, "ok"), ("get", len(data), "whole", sha, "ok")] and e[0]["path"] == f"{there}/f",
           f"{host}: both on the record with size and hash", e)
    name = "文件 名.txt"
    r = sftp("bench", "box", f"put {local} \"{there}/{name}\"", f"rename \"{there}/{name}\" {there}/二", f"ln -s {there}/二 {there}/link", f"ln {there}/f {there}/hard",
             f"chmod 600 {there}/二", f"mkdir {there}/d", f"rmdir {there}/d", f"rm {there}/hard", f"ls {there}")
    ok(r.returncode == 0, "rename, link, chmod, mkdir, rm, ls", r)
    e = events()
    ops = [(x["op"], os.path.basename(x["path"].rstrip("/")), os.path.basename(x.get("to", ""))) for x in e]
    want = [("put", name, ""), ("rename", name, "二"), ("link", "f", "hard"), ("setstat", "二", ""), ("mkdir", "d", ""), ("rmdir", "d", ""), ("remove", "hard", ""), ("list", "there", "")]
    ok(all(w in ops for w in want) and any(o[0] == "symlink" for o in ops), "each is a row, Chinese names as they are", ops)
    r = sftp("bench", "box", f"put {local} {there}/\udcff\udcfe", f"ls {there}")
    ok(r.returncode == 0 and os.path.exists(f"{there}/\udcff\udcfe"), "a name that is not UTF-8 gets through", r)
    ok(any(x["op"] == "put" and ("fe" in json.dumps(x["path"]) or "\\ufffd" in json.dumps(x["path"])) for x in events()[-3:]), "and is on the record", events()[-3:])
    open(f"{there}/f", "wb").write(data[:1_000_000])
    r = sftp("bench", "box", f"reput {local} {there}/f")
    e = last("put")[-1]
    ok(r.returncode == 0 and open(f"{there}/f", "rb").read() == data and (e["bytes"], e["coverage"], "sha256" in e) == (2_000_000, "part", False),
       "a resumed upload: the rest, without a hash of what did not go by", r, e)
    for how in ([], ["-O"]):
        r = scp("bench", *how, local, f"bench+box@127.0.0.1:{there}/scp{len(how)}")
        ok(r.returncode == 0 and open(f"{there}/scp{len(how)}", "rb").read() == data, f"scp {' '.join(how)}", r)
    r = scp("bench", "-3", f"bench+box@127.0.0.1:{there}/f", f"bench+agent@127.0.0.1:{there}/three")
    ok(r.returncode == 0 and open(f"{there}/three", "rb").read() == data, "scp -3 from host to host", r)

    # Policy by direction.
    r = sftp("reader", "box", f"get {there}/f {b.dir}/read")
    ok(r.returncode == 0 and open(f"{b.dir}/read", "rb").read() == data, "who may get gets", r)
    for what, line in (("write", f"put {local} {there}/no"), ("remove", f"rm {there}/f"), ("rename", f"rename {there}/f {there}/no"),
                       ("make a link", f"ln -s /etc/passwd {there}/no"), ("make a hard link", f"ln {there}/f {there}/no"), ("make a folder", f"mkdir {there}/no"), ("change modes", f"chmod 777 {there}/f")):
        r = sftp("reader", "box", line)
        ok(r.returncode != 0 and b"ermission denied" in r.stderr and not os.path.lexists(f"{there}/no") and os.path.exists(f"{there}/f"), f"and may not {what}", r)
    tried = [x for x in events() if x["actor"] == "reader" and x["op"] not in ("get", "list")]
    ok(len(tried) == 7 and not any(x["ok"] for x in tried), "the refusals are on the record", tried)
    r = sftp("writer", "box", f"put {local} {there}/w")
    ok(r.returncode == 0 and open(f"{there}/w", "rb").read() == data, "who may put puts", r)
    r = sftp("writer", "box", f"get {there}/f {b.dir}/stolen")
    ok(r.returncode != 0 and (not os.path.exists(f"{b.dir}/stolen") or os.path.getsize(f"{b.dir}/stolen") == 0), "and may not get", r)
    r = sftp("nobody", "box", "ls")
    ok(r.returncode == 255 and b"[denied]" in r.stderr, "who may neither is refused in words", r)

    s = [s for s in b.sessions() if s["channel"] == "sftp" and s["user"] == "bench"][-1]
    text = b.ctl("session", "print", s["id"])
    ok("sftp put" in text and "sha256:" in text, "the recording of a session tells its operations", text[-500:])
    used = sum(os.path.getsize(f"{b.dir}/state/db/{f}") for f in os.listdir(f"{b.dir}/state/db") if f.endswith(".seg"))
    ok(used < 12_000_000, "contents of files are not kept a second time", used)
    r = run("sh", "-c", f"printf 'garbage that is no sftp' | ssh -F /dev/null -i {b.key} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -p {b.port} -s bench+box@127.0.0.1 sftp")
    ok(r.returncode == 255 and b"[protocol]" in r.stderr, "what is not SFTP ends with a line", r)
finally:
    b.stop()
end()
