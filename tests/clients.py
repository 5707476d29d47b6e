#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""What the tests with many clients share: TAP lines, a bastion with client configurations, and what it says of a session.
Hosts of the configuration: box and agent (named in the user name), box.fx and agent.fx (jumps), bastion (no host named)."""
import functools, http.server, json, os, shutil, socket, sqlite3, subprocess, sys, threading, time
import tap
from bastion import Bastion
from tap import ok, end

def without(program, what):
    return tap.without(not shutil.which(program), what, f"no {program}")

def skip(what, why):
    tap.without(True, what, why)

def need(*programs):
    tap.needs_bastion()
    for p in programs:
        if not shutil.which(p): tap.skip(f"no {p}")

def run(*args, stdin=None, timeout=60, **kw):
    """Bytes in, bytes out; without stdin there is none.  A client that hangs is a status of -1, not the test's end."""
    given = {"input": stdin} if isinstance(stdin, bytes) else {"stdin": stdin if stdin is not None else subprocess.DEVNULL}
    try: return subprocess.run(args, capture_output=True, timeout=timeout, **given, **kw)
    except subprocess.TimeoutExpired as e: return subprocess.CompletedProcess(args, -1, e.stdout or b"", (e.stderr or b"") + b" [timed out]")

def alike(one, other):
    """Are these two trees the same?"""
    return run("diff", "-r", one, other).returncode == 0

class Silent(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *a): pass

def serve_files(port, folder):
    """By HTTP, as long as the test runs."""
    web = http.server.ThreadingHTTPServer(("127.0.0.1", port), functools.partial(Silent, directory=folder))
    threading.Thread(target=web.serve_forever, daemon=True).start()

def serve_line(line):
    """To whoever connects, as long as the test runs.  Its port."""
    server = socket.create_server(("127.0.0.1", 0))
    def serve():
        while True:
            s, _ = server.accept(); s.sendall(line); s.close()
    threading.Thread(target=serve, daemon=True).start()
    return server.getsockname()[1]

class Clients(Bastion):
    def __init__(self, build, conf="", policy="permit bench any on env=bench as root id bench\n", sshd="", hosts=(), options=""):
        """hosts: names for clients beside those above; options: lines of their configuration that come before all others."""
        super().__init__(build, "KernelAudit off\n" + conf, policy, sshd)
        self.config, self.known, self.seen = f"{self.dir}/config", f"{self.dir}/known", 0
        keys = [open(f"{self.dir}/state/keys/host_{t}.pub").read().split()[:2] for t in ("ed25519", "ecdsa", "rsa")]
        with open(self.known, "w") as f:
            for k in keys: f.write(f"[127.0.0.1]:{self.port} {' '.join(k)}\n*.fx {' '.join(k)}\n")
        with open(self.config, "w") as f:
            f.write(options)
            for name, user in (("bastion", "bench"), *((h, f"bench+{h}") for h in ("box", "agent", *hosts))):
                f.write(f"Host {name}\n\tHostName 127.0.0.1\n\tPort {self.port}\n\tUser {user}\n")
            f.write(f"Host *.fx\n\tProxyJump bastion\n\tUser root\nHost *\n\tIdentityFile {self.key}\n\tIdentitiesOnly yes\n"
                    f"\tStrictHostKeyChecking yes\n\tUserKnownHostsFile {self.known}\n\tLogLevel ERROR\n\tBatchMode yes\n")
        self.mark()

    def stop(self):
        if tap.failed or sys.exc_info()[0]:
            for line in open(f"{self.dir}/fortress.log").read().splitlines()[-20:]: print("# " + line)
        super().stop()

    def argv(self, host, *words, options=(), program="ssh"):
        return [program, "-F", self.config, *options, host, *words]

    def on(self, host, *words, options=(), **kw):
        return run(*self.argv(host, *words, options=options), **kw)

    # ---- what is on the record ----

    def query(self, sql, *values):
        db = sqlite3.connect(f"file:{self.dir}/state/db/fortress.db?mode=ro", uri=True, timeout=20)
        db.row_factory = sqlite3.Row
        try: return [dict(r) for r in db.execute(sql, values)]
        finally: db.close()

    def mark(self):
        """From here on rows() and audit() count."""
        self.seen = self.query("select coalesce(max(id),0) n from event")[0]["n"]

    def rows(self, n=1, **want):
        """The n sessions of this kind that were opened since the mark, when they are closed; fewer if they are not in time."""
        def closed():
            sessions = self.sessions("--limit", "1000")
            for s in sessions: s["exit"] = f"signal {s['signal']}" if s["signal"] else "" if s["exit"] is None else str(s["exit"])
            new = {e["session"] for e in self.audit(4007)}
            return [s for s in sessions if s["id"] in new and s["state"] == "closed" and all(s[k] == v for k, v in want.items())]
        return self.until(closed, lambda got: len(got) >= n)

    def audit(self, cls, n=0, **want):
        """Audit events of a class since the mark, oldest first, with their detail; at least n, or what there is in time."""
        def found():
            out = []
            for e in self.query("select class, activity, ok, actor, session, host, text, detail from event where id>? and class=? order by id", self.seen, cls):
                e = dict(json.loads(e["detail"]) if e["detail"] else {}, **{k: v for k, v in e.items() if k != "detail"})
                if all(e.get(k) == v for k, v in want.items()): out.append(e)
            return out
        return self.until(found, lambda got: len(got) >= n)

    @staticmethod
    def until(take, enough, seconds=60):
        limit = time.monotonic() + seconds
        while True:
            got = take()
            if enough(got) or time.monotonic() > limit: return got
            time.sleep(0.05)

    def copies(self, tool, n=1):
        """What that tool has copied: direction, path, how it went; of each that has the session of an exec beside it."""
        return [(e["op"], e["path"], e["result"]) for e in self.audit(1001, n, tool=tool)
                if any(s["id"] == e["session"] and s["channel"] == "exec" for s in self.rows(n))]

    def tree(self, data):
        """A folder of files with parts of the data, deep ones and one that is a link."""
        at = f"{self.dir}/tree"; os.makedirs(f"{at}/文件/b")
        for i in range(60):
            with open(f"{at}/{'文件/b/' if i % 2 else ''}f {i}", "wb") as f: f.write(data[i * 1000:i * 9000])
        os.symlink("f 0", f"{at}/link")
        return at

    def record(self, session, *how):
        return subprocess.run([f"{self.build}/fortress", "session", "print", *(how or ["--raw"]), session["id"]], env=self.env,
                              stdin=subprocess.DEVNULL, capture_output=True, check=True).stdout

    def memory(self, title, what="VmRSS"):
        """The most that a process has that serves a connection of this title, in kB."""
        return max(tap.memory(p, what) for p, name in self.fronts().items() if title in name)

    def audited(self, session, verb):
        """Is there a decision for the verb, and its opening and its end, in the audit?"""
        ends = [e for e in self.audit(4007) if e["session"] == session["id"]]
        return [e["activity"] for e in ends] == [1, 2] and any(e["verb"] == verb and e["ok"] for e in self.audit(3003, 1))
