#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""Files with every habit of clients: resumed, in pieces, out of order, many at once, odd names, every operation of OpenSSH's server."""
import hashlib, os, stat, sys

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from clients import Clients, ok, need, end, run, skip

need("ssh", "sftp", "scp")
long = os.environ.get("FORTRESS_LONG") is not None
b = Clients(build)
there = f"{b.dir}/there"; os.makedirs(there)
data = os.urandom(5_000_000); sha = hashlib.sha256(data).hexdigest(); local = f"{b.dir}/local"; open(local, "wb").write(data)
def sftp(host, *lines, more=(), timeout=60):
    return run("sftp", "-q", "-F", b.config, *more, "-b", "-", host, stdin="\n".join(lines).encode("utf-8", "surrogateescape") + b"\n", timeout=timeout)
def same(path): return open(path, "rb").read() == data
def ops(n=1, **want): return [(e["op"], os.path.basename(e["path"]), os.path.basename(e.get("to", "")), e["result"]) for e in b.audit(1001, n, **want)]

try:
    for host in ("box", "agent", "box.fx"):
        b.mark(); d = f"{there}/{host}"
        r = sftp(host, f"mkdir {d}", f"cd {d}", f"put {local} 'ein zwei'", f"put {local} 中文.txt", f"put {local} \udcff\udcfe", f"put {local} \"it's \\\"so\\\"\"", "ls -l", f"get 中文.txt {b.dir}/b1",
                 f"get \udcff\udcfe {b.dir}/b2")
        ok(r.returncode == 0 and same(f"{b.dir}/b1") and same(f"{b.dir}/b2") and sorted(map(os.fsencode, os.listdir(d))) ==
           sorted([b"ein zwei", "中文.txt".encode(), b"\xff\xfe", b"it's \"so\""]), f"{host}: names with blanks, quotes, Chinese, and none of UTF-8", r, os.listdir(d))
        e = b.audit(1001, 8)
        ok([(x["bytes"], x["sha256"], x["coverage"], x["result"]) for x in e if x["op"] in ("get", "put")] == [(len(data), sha, "whole", "ok")] * 6 and
           {x["path"] for x in e if x["op"] == "put"} >= {f"{d}/ein zwei", f"{d}/中文.txt", f"{d}/it's \"so\""}, f"{host}: each is a row with its name, size and hash", e)
        b.mark()
        r = sftp(host, f"cd {d}", "rename 中文.txt zwei", "rename -l zwei drei", "ln drei hart", "ln -s drei weich", "chmod 600 drei", "-chmod -h 777 weich", "chown 1 drei", "cp drei vier", "df", f"put -p {local} fünf",
                 f"put -f {local} sechs", "rm hart", "mkdir leer", "rmdir leer", "ls -la")
        got = ops(15)
        ok(r.returncode == 0 and same(f"{d}/vier") and os.readlink(f"{d}/weich") == "drei" and stat.S_IMODE(os.stat(f"{d}/drei").st_mode) == 0o600 and os.stat(f"{d}/drei").st_uid == 1,
           f"{host}: what OpenSSH's server can do, it does", r)
        ok([g for g in got if g[0] not in ("put", "get")] == [("rename", "中文.txt", "zwei", "ok"), ("rename", "zwei", "drei", "ok"), ("link", "drei", "hart", "ok"), ("symlink", "drei", "weich", "ok"),
           ("setstat", "drei", "", "ok"), ("setstat", "weich", "", got[5][3]), ("setstat", "drei", "", "ok"), ("copy", "drei", "vier", "ok"),
           ("setstat", "fünf", "", "ok"), ("remove", "hart", "", "ok"), ("mkdir", "leer", "", "ok"), ("rmdir", "leer", "", "ok"), ("list", host, "", "ok")],
           f"{host}: and each is a row", got)
        e = b.audit(1001, 0, op="setstat")
        ok(e and e[0].get("set") == "mode=0600" and e[2].get("set", "").startswith("uid=1 gid="), f"{host}: with what was set", e)
        for block, ahead in ((4096, 1), (131072, 256)):
            b.mark()
            r = sftp(host, f"put {local} {d}/p", f"get {d}/p {b.dir}/g", more=("-B", str(block), "-R", str(ahead)))
            ok(r.returncode == 0 and same(f"{d}/p") and same(f"{b.dir}/g") and [x.get("sha256") for x in b.audit(1001, 2, coverage="whole")] == [sha, sha],
               f"{host}: {block} bytes a request, {ahead} at once", r, b.audit(1001))
        # Resumed: only the rest goes by, so there is no hash of the whole.
        b.mark(); open(f"{d}/u", "wb").write(data[:1_000_000]); open(f"{b.dir}/v", "wb").write(data[:2_000_000])
        r = sftp(host, f"reput {local} {d}/u", f"reget {d}/p {b.dir}/v")
        e = b.audit(1001, 2)
        ok(r.returncode == 0 and same(f"{d}/u") and same(f"{b.dir}/v") and [(x["op"], x["bytes"], x["coverage"], "sha256" in x) for x in e if x["op"] in ("get", "put")] ==
           [("put", 4_000_000, "part", False), ("get", 3_000_000, "part", False)], f"{host}: resumed both ways", r, e)
        b.mark()
        r = sftp(host, f"get {d}/none {b.dir}/none"); r2 = sftp(host, f"put {local} /proc/none"); r3 = sftp(host, f"rm {d}/none"); r4 = sftp(host, f"mkdir {d}")
        got = ops(2)
        ok(all(x.returncode == 1 for x in (r, r2, r3, r4)) and [g for g in got if g[0] in ("put", "remove", "mkdir")] == [("put", "none", "", got[0][3]), ("remove", "none", "", "no such file"),
           ("mkdir", os.path.basename(d), "", "failure")] and not b.audit(1001, 0, result="ok", op="put"), f"{host}: what the target refuses is a row with its reason", got)
        # A tree of many files, at once and one by one.
        if host != "box.fx":
            tree = f"{b.dir}/tree-{host}"; os.makedirs(f"{tree}/a/b")
            for i in range(150): open(f"{tree}/a/{'b/' if i % 2 else ''}{i}", "wb").write(data[i * 100:i * 300])
            b.mark()
            r = run("scp", "-q", "-r", "-F", b.config, tree, f"{host}:{d}/tree"); r2 = run("scp", "-q", "-r", "-F", b.config, f"{host}:{d}/tree", f"{b.dir}/back-{host}")
            ok(r.returncode == r2.returncode == 0 and run("diff", "-r", tree, f"{b.dir}/back-{host}").returncode == 0, f"{host}: a tree there and back", r, r2)
            e = b.audit(1001, 150, op="put") + b.audit(1001, 150, op="get")
            ok(len(e) == 300 and all(x.get("sha256") == hashlib.sha256(data[int(os.path.basename(x["path"])) * 100:int(os.path.basename(x["path"])) * 300]).hexdigest()
               for x in e), f"{host}: 300 rows, each with the right hash", len(e), [x for x in e if "sha256" not in x])
    r = sftp("bastion", "ls")
    ok(r.returncode == 255 and b"[no-host]" in r.stderr, "sftp to no host in particular: told so", r)
    for to in ("box", "agent"):
        r = run("scp", "-q", "-3", "-F", b.config, "agent:" + local, f"{to}:{there}/three"); r2 = run("scp", "-q", "-O", "-3", "-F", b.config, "box:" + local, f"{to}:{there}/three-o")
        ok(r.returncode == r2.returncode == 0 and same(f"{there}/three") and same(f"{there}/three-o"), f"scp -3 to {to}, by sftp and by scp", r, r2)

    # A client that asks as it likes.
    import paramiko, socket, threading
    def connect(host):
        t = paramiko.Transport(socket.create_connection(("127.0.0.1", b.port)))
        t.start_client(timeout=60); t.auth_publickey(f"bench+{host}", paramiko.Ed25519Key.from_private_key_file(b.key))
        return t
    for host in ("box", "agent"):
        t = connect(host); s = paramiko.SFTPClient.from_transport(t); s.get_channel().settimeout(60)
        b.mark()
        with s.open(f"{there}/wild", "wb") as f:
            f.set_pipelined(True)
            for i in (3, 1, 0, 2, 4): f.seek(i * 1_000_000); f.write(data[i * 1_000_000:(i + 1) * 1_000_000])
        with s.open(f"{there}/wild") as f: got = [bytes(x) for x in f.readv([(4_000_000, 500), (0, 70000), (100, 10)])]
        e = b.audit(1001, 2)
        ok(same(f"{there}/wild") and got == [data[4_000_000:4_000_500], data[:70000], data[100:110]] and [(x["op"], x["bytes"], x["coverage"], "sha256" in x) for x in e] ==
           [("put", len(data), "whole", False), ("get", 70500, "scattered", False)], f"{host}: written and read out of order, each byte counted once", e)
        # It asks ahead and for itself, so that blocks are read twice: one content, though more went by.
        b.mark()
        with s.open(f"{there}/wild") as f:
            f.prefetch(f.stat().st_size); got = f.read(len(data))
            f.seek(0); again = f.read(100_000)
        e = b.audit(1001, 1)
        ok(got == data and again == data[:100_000] and [(x["bytes"], x["coverage"], x.get("sha256")) for x in e] == [(len(data), "whole", sha)] and e[0]["moved"] >= len(data) + 100_000,
           f"{host}: read twice, counted once", e)
        b.mark()
        files = [s.open(f"{there}/n{i}", "wb") for i in range(600)]
        for i, f in enumerate(files): f.write(b"%d" % i)
        for f in reversed(files): f.close()
        e = b.audit(1001, 600)
        ok(len(e) == 600 and {(os.path.basename(x["path"]), x["sha256"]) for x in e} == {(f"n{i}", hashlib.sha256(b"%d" % i).hexdigest()) for i in range(600)}, f"{host}: 600 files open at once", len(e))
        size = 140 << 20
        with open(f"{there}/sparse", "wb") as f: f.truncate(size); f.write(b"start")
        b.mark(); got = hashlib.sha256()
        with s.open(f"{there}/sparse") as f:
            f.prefetch(size)                                     # asks for all of it at once: 4480 requests
            while chunk := f.read(1 << 20): got.update(chunk)
        want = hashlib.sha256(open(f"{there}/sparse", "rb").read()).hexdigest(); e = b.audit(1001, 1)
        ok(got.hexdigest() == want and [(x["bytes"], x.get("sha256")) for x in e] == [(size, want)], f"{host}: 140 MB asked for at once", e)
        ok(b.memory(f"bench -> {host}", "VmHWM") < 40_000, f"{host}: and the front stays small: {b.memory(f'bench -> {host}', 'VmHWM')} kB")
        # A handle that is not known, and an operation that nobody knows: answered, and the session goes on.
        def ask(kind, rest):
            try: s._request(kind, *rest); return "ok"
            except IOError as e: return str(e)
        said = [ask(paramiko.sftp.CMD_READ, (b"???", paramiko.sftp_client.long(0), 100)),
                ask(paramiko.sftp.CMD_WRITE, (b"???", paramiko.sftp_client.long(0), b"x" * 40000)), ask(paramiko.sftp.CMD_EXTENDED, ("nobody@knows", "x"))]
        ok("ok" not in said and s.stat(f"{there}/n1").st_size == 1, f"{host}: what makes no sense is answered, and the session goes on", said)
        results = []
        def transfer(i):
            c = paramiko.SFTPClient.from_transport(t)
            c.putfo(open(local, "rb"), f"{there}/t{i}"); c.get(f"{there}/t{i}", f"{b.dir}/t{i}"); results.append(same(f"{b.dir}/t{i}")); c.close()
        threads = [threading.Thread(target=transfer, args=(i,)) for i in range(6)]
        for x in threads: x.start()
        for x in threads: x.join(60)
        ok(results == [True] * 6, f"{host}: six sftp channels on one connection", results)
        t.close()
    # The end of 10 GB, both ways: offsets of more than 32 bits.
    size, tail = 10 << 30, data[:3_000_000]
    with open(f"{there}/huge", "wb") as f: f.seek(size - len(tail)); f.write(tail)
    for name in (f"{b.dir}/half", f"{there}/half"):
        with open(name, "wb") as f: f.truncate(size - len(tail))
    b.mark(); r = sftp("box", f"reget {there}/huge {b.dir}/half", f"reput {there}/huge {there}/half"); e = b.audit(1001, 2, host="box")
    def end_of(path): f = open(path, "rb"); f.seek(-len(tail), 2); return os.path.getsize(path), f.read()
    ok(r.returncode == 0 and end_of(f"{b.dir}/half") == end_of(f"{there}/half") == (size, tail) and
       [(x["op"], x["bytes"], x["coverage"], x["result"]) for x in e if x["op"] in ("get", "put")] == [("get", len(tail), "part", "ok"), ("put", len(tail), "part", "ok")],
       "10 GB are resumed 3 MB before their end", r, e)
    if not long: skip("10 GB, sparse", "only with FORTRESS_LONG")
    else:
        size = 10 << 30
        with open(f"{there}/huge", "wb") as f: f.truncate(size)
        b.mark(); r = sftp("box", f"get {there}/huge /dev/null", timeout=1200)
        e = b.audit(1001, 1)
        ok(r.returncode == 0 and e and e[0]["bytes"] == size and e[0]["coverage"] == "whole" and "sha256" in e[0], "10 GB, sparse", r, e)
finally:
    b.stop()
end()
