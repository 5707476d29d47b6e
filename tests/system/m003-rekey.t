#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""New keys in the middle of transfers: by bytes and by time, asked for by the client, by the target, and by both at once."""
import hashlib, os, re, subprocess, sys

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from bastion import port
from clients import Clients, ok, need, end, run

need("ssh", "sftp")
b = Clients(build)
def sshd(name, limit):
    """A second target, which asks for new keys itself."""
    at = port()
    with open(f"{b.dir}/{name}_config", "w") as f:
        f.write(re.sub(r"Port \d+", f"Port {at}", open(f"{b.dir}/sshd_config").read()).replace("sshd.pid", f"{name}.pid") + f"RekeyLimit {limit}\nLogLevel DEBUG1\n")
    open(f"{b.dir}/{name}.log", "w").close()
    b.procs.append(subprocess.Popen(["/usr/sbin/sshd", "-D", "-E", f"{b.dir}/{name}.log", "-f", f"{b.dir}/{name}_config"], stdin=subprocess.DEVNULL))
    b.wait(lambda: "Server listening" in open(f"{b.dir}/{name}.log").read())
    b.ctl("host", "add", name, "127.0.0.1", "--port", str(at), "--login", "root", "--label", "env=bench", "--hostkey", f"{b.dir}/hk.pub")
    with open(b.config, "r+") as f: old = f.read(); f.seek(0); f.write(f"Host {name}\n\tHostName 127.0.0.1\n\tPort {b.port}\n\tUser bench+{name}\n" + old)
def exchanges(name): return open(f"{b.dir}/{name}.log").read().count("SSH2_MSG_NEWKEYS received")

try:
    sshd("bytes", "1M"); sshd("time", "default 1")
    data = os.urandom(8 << 20); want = hashlib.md5(data).hexdigest(); md5 = lambda x: hashlib.md5(x).hexdigest()
    open(f"{b.dir}/data", "wb").write(data)
    for host in ("box", "agent", "bytes", "bytes.fx"):
        limit = ("-o", "RekeyLimit=1M")
        b.mark()
        r = b.on(host, f"cat >{b.dir}/up", stdin=data, options=limit)
        ok(r.returncode == 0 and md5(open(f"{b.dir}/up", "rb").read()) == want, f"{host}: 8 MB up, new keys each 1 MB", r)
        r = b.on(host, f"cat {b.dir}/data", options=limit)
        ok(md5(r.stdout) == want, f"{host}: down", len(r.stdout), r.stderr)
        r = b.on(host, "cat", stdin=data, options=limit)
        ok(md5(r.stdout) == want, f"{host}: both ways at once", len(r.stdout), r.stderr)
        s = b.rows(3)
        ok(sorted((len(b.record(x)), len(b.record(x, "--raw=in"))) for x in s) == [(0, 8 << 20), (8 << 20, 0), (8 << 20, 8 << 20)] and
           all(md5(b.record(x, how)) == want for x in s for how in ("--raw", "--raw=in") if b.record(x, how)), f"{host}: and on the record", s)
        b.mark()
        r = run("sftp", "-q", "-F", b.config, *limit, "-b", "-", host, stdin=f"put {b.dir}/data {b.dir}/put\nget {b.dir}/put {b.dir}/get\n".encode())
        e = b.audit(1001, 1, op="put") + b.audit(1001, 1, op="get")
        ok(r.returncode == 0 and md5(open(f"{b.dir}/get", "rb").read()) == want and [x.get("sha256") for x in e] == [hashlib.sha256(data).hexdigest()] * 2,
           f"{host}: sftp put and get, both with their hash on the record", r, e)
    ok(exchanges("bytes") > 50, "the target did ask for new keys", exchanges("bytes"))
    # Seconds instead of bytes: a slow stream, and a session that is idle while its keys change.
    slow = "for i in 1 2 3 4 5 6; do head -c 300000 %s; sleep 0.5; done" % f"{b.dir}/data"
    procs = {host: subprocess.Popen(b.argv(host, slow, options=("-o", "RekeyLimit=default 1s")), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) for host in ("time", "time.fx", "box", "agent")}
    idle = subprocess.Popen(b.argv("time", "read x; sleep 3; echo got $x", options=("-o", "RekeyLimit=default 1s")), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    for host, p in procs.items():
        ok(p.communicate(timeout=60)[0] == data[:300000] * 6 and p.returncode == 0, f"{host}: new keys each second, nothing lost")
    ok(exchanges("time") >= 6, "the target did ask for new keys by time", exchanges("time"))
    ok(idle.communicate(b"word\n", timeout=60)[0] == b"got word\n" and idle.returncode == 0, "and an idle session lives through them")
finally:
    b.stop()
end()
