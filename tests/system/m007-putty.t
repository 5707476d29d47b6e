#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""dropbear's client and PuTTY's family: other windows, other habits, the same sessions and rows."""
import hashlib, os, shutil, subprocess, sys

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from bastion import port, talk
from clients import Clients, ok, need, end, run, skip

need("ssh")
b = Clients(build)
data = os.urandom(8_000_000); sha = hashlib.sha256(data).hexdigest(); local = f"{b.dir}/local"; open(local, "wb").write(data)
def same(path): return open(path, "rb").read() == data
env = dict(os.environ, HOME=b.dir)                               # neither reads nor writes anybody's known hosts

def commands(name, argv, direct):
    """What every client must do with a command; argv makes its command line for a host and words, direct to the sshd itself."""
    for host in ("box", "agent"):
        b.mark()
        r = run(*argv(host, "echo hi; echo oops >&2; exit 7"), env=env)
        s = b.rows()
        ok((r.stdout, r.returncode) == (b"hi\n", 7) and b"oops\n" in r.stderr, f"{name} {host}: output, stderr, status", r)
        ok(len(s) == 1 and (s[0]["channel"], s[0]["host"], s[0]["exit"]) == ("exec", host, "7") and b.audited(s[0], "exec") and b.record(s[0]) == b"hi\n" and b.record(s[0], "--raw=err") == b"oops\n",
           f"{name} {host}: on the record", s)
        b.mark()
        r = run(*argv(host, "cat"), stdin=data, env=env); s = b.rows()
        ok(r.stdout == data and r.returncode == 0, f"{name} {host}: 8 MB both ways", len(r.stdout), r.stderr)
        ok(len(s) == 1 and all(hashlib.sha256(b.record(s[0], how)).hexdigest() == sha for how in ("--raw", "--raw=in")), f"{name} {host}: and on the record, byte by byte", s)
        b.mark()
        r = run(*argv(host, "kill -TERM $$"), env=env); r2 = run(*direct("kill -TERM $$"), env=env); s = b.rows()
        ok(r.returncode == r2.returncode and [x["exit"] for x in s] == ["signal TERM"], f"{name} {host}: killed by a signal: the status is as without us", r, r2, s)

try:
    if not shutil.which("dbclient"): skip("dbclient", "no dbclient")
    else:
        run("dropbearconvert", "openssh", "dropbear", b.key, f"{b.dir}/id.db")
        dbclient = lambda host, *words, opts=(): ["dbclient", "-y", "-y", "-i", f"{b.dir}/id.db", "-p", str(b.port), *opts, f"bench+{host}@127.0.0.1", *words]
        commands("dbclient", dbclient, lambda *words: ["dbclient", "-y", "-y", "-i", f"{b.dir}/id.db", "-p", str(b.sshd_port), "root@127.0.0.1", *words])
        os.environ["HOME"] = b.dir
        for host in ("box", "agent"):
            b.mark()
            out, rc = talk(dbclient(host, opts=("-t",)), [("", "PS1=; stty -echo; echo 're''ady'\n"), ("ready", "stty size; exit 3\n")])
            s = b.rows(channel="shell")
            ok("24 80" in out and rc == 3 and len(s) == 1 and s[0]["exit"] == "3", f"dbclient {host}: a shell on a terminal", out, rc, s)
    if not shutil.which("plink"): skip("plink", "no plink")
    else:
        ppk = f"{b.dir}/id.ppk"; run("puttygen", b.key, "-o", ppk, "-O", "private")
        prints = [run("ssh-keygen", "-lf", f"{b.dir}/state/keys/host_{t}.pub").stdout.split()[1].decode() for t in ("ed25519", "ecdsa", "rsa")]
        base = ["-batch", "-i", ppk, "-P", str(b.port)] + [x for p in prints for x in ("-hostkey", p)]
        plink = lambda host, *words, opts=(): ["plink", "-ssh", *base, *opts, f"bench+{host}@127.0.0.1", *words]
        theirs = run("ssh-keygen", "-lf", f"{b.dir}/hk.pub").stdout.split()[1].decode()
        commands("plink", plink, lambda *words: ["plink", "-ssh", "-batch", "-i", ppk, "-P", str(b.sshd_port), "-hostkey", theirs, "root@127.0.0.1", *words])
        for host in ("box", "agent"):
            b.mark()
            out, rc = talk(["plink", "-ssh", "-t", *base, f"bench+{host}@127.0.0.1"], [("", "PS1=; stty -echo; echo 're''ady'\n"), ("ready", "tty; exit 3\n")])
            s = b.rows(channel="shell")
            ok("/dev/pts/" in out and rc == 3 and len(s) == 1 and s[0]["exit"] == "3", f"plink {host}: a shell on a terminal", out, rc, s)
            for how, tool in (((), "sftp"), (("-scp",), "scp"), (("-sftp",), "sftp")):
                b.mark(); there = f"{b.dir}/there-{host}{''.join(how)}"; back = f"{b.dir}/back-{host}{''.join(how)}"
                r = run("pscp", "-q", *base, *how, local, f"bench+{host}@127.0.0.1:{there}", env=env); r2 = run("pscp", "-q", *base, *how, f"bench+{host}@127.0.0.1:{there}", back, env=env)
                e = [x for x in b.audit(1001, 2) if x["op"] in ("get", "put")]
                ok(r.returncode == r2.returncode == 0 and same(there) and same(back), f"pscp {' '.join(how)} {host}: up and down", r, r2)
                ok([(x["tool"], x["op"], x["path"]) for x in e] == [(tool, "put", there), (tool, "get", there)] and (tool == "scp" or [x["sha256"] for x in e] == [sha, sha]), f"pscp {' '.join(how)} {host}: on the record", e)
            b.mark()
            script = f"{b.dir}/script"; d = f"{b.dir}/ps-{host}"
            open(script, "w").write(f"mkdir {d}\ncd {d}\nput {local} eins\nmv eins zwei\nchmod 600 zwei\nls\nget zwei {b.dir}/psftp-{host}\nreget zwei {b.dir}/psftp-{host}\nrm zwei\ncd ..\nrmdir {d}\nquit\n")
            r = run("psftp", *base, "-b", script, f"bench+{host}@127.0.0.1", env=env)
            ops = [(x["op"], os.path.basename(x["path"])) for x in b.audit(1001, 8)]
            ok(r.returncode == 0 and same(f"{b.dir}/psftp-{host}") and not os.path.exists(d), f"psftp {host}: a script of everything", r)
            ok([o for o in ops if o[0] not in ("get", "list")] == [("mkdir", f"ps-{host}"), ("put", "eins"), ("rename", "eins"), ("setstat", "zwei"), ("remove", "zwei"), ("rmdir", f"ps-{host}")],
               f"psftp {host}: each a row", ops)
        lines = run("ssh", "-F", b.config, "bastion", "config --putty").stdout.decode().splitlines()
        line = next(l for l in lines if l.endswith("+box@127.0.0.1")).split()
        r = run("plink", *base[:3], *[x for p in prints for x in ("-hostkey", p)], *line[1:], "echo printed", env=env)
        ok(line[0] == "putty" and len(lines) == 2 and r.stdout == b"printed\n", "a line that the bastion prints for PuTTY", lines, r)
        # A forward beside it makes PuTTY size its window with winadj requests, which must be answered.
        near = port(); big = f"{b.dir}/big"
        with open(big, "wb") as f:
            for i in range(30): f.write(data[i * 1000:i * 1000 + (1 << 20)])
        r = run(*plink("box", f"cat {big}", opts=("-L", f"127.0.0.1:{near}:127.0.0.1:{b.sshd_port}")), env=env)
        ok(r.stdout == open(big, "rb").read() and r.returncode == 0, "plink -L with 30 MB of output", len(r.stdout), r.stderr)
        two = [subprocess.Popen(plink("agent", "sha256sum"), stdin=open(big, "rb"), stdout=subprocess.PIPE, env=env) for _ in range(2)]
        ok([p.communicate(timeout=60)[0].split()[0].decode() for p in two] == [hashlib.sha256(open(big, "rb").read()).hexdigest()] * 2, "two of them at once")
finally:
    b.stop()
end()
