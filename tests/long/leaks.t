#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""What a long life leaves behind: the same is done again and again, and no process holds more of its heap afterwards.  In their
sandboxes the sanitizers find no leak, and what only grows is none to them; tests/system/heap.c counts in each process."""
import itertools, mmap, os, shutil, socket, struct, subprocess, sys, tempfile, threading

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
import tap
from tap import ok, end
from bastion import under
from clients import Clients, need, run
from screens import Screen
from wire import Over, Wire, private_key
need("ssh", "sftp")
if tap.sanitizers(): tap.skip("the sanitizers have a heap of their own")

ROUNDS = int(os.environ.get("LEAK_ROUNDS", "16"))
SLOT, SLOTS = struct.Struct("<3q64q"), 1 << 16

class Heap:
    """The counts of all processes; programs: a folder of them that count."""
    def __init__(self, dir):
        self.path, self.programs = f"{dir}/heap", f"{dir}/programs"; os.mkdir(self.programs)
        with open(self.path, "wb") as f: f.truncate(8 + SLOT.size * SLOTS)
        os.chmod(self.path, 0o666)
        with open(self.path, "rb") as f: self.map = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)
        for name in os.listdir(build):
            at = f"{os.path.abspath(build)}/{name}"
            if not name.startswith(("fortress", "staragent")) or os.path.isdir(at): continue
            with open(f"{self.programs}/{name}", "w", opener=lambda p, f: os.open(p, f, 0o755)) as f:
                f.write(f"#!/bin/sh\nexport HEAP={self.path} LD_PRELOAD={tap.preload(build, 'heap')}\nexec {at} \"$@\"\n")
    def of(self, pid):
        """Blocks, bytes and blocks by size of a process: it may have had slots before, as its parent's child and as another program."""
        for at in reversed(range(min(struct.unpack_from("<q", self.map)[0], SLOTS))):
            slot = SLOT.unpack_from(self.map, 8 + SLOT.size * at)
            if slot[0] == pid: return slot[1:]
        raise KeyError(pid)

def pages():
    """Of the database: the store may keep each, up to 64 MB."""
    return b.query("select page_count, page_size from pragma_page_count, pragma_page_size")[0].values()
def counts(pids): return {name: (*heap.of(pid), *(pages() if name == "store" else (0, 0))) for name, pid in pids.items()}
def grown(now, before):
    """Blocks and bytes more, but for pages that are new, and of which sizes."""
    *now, n, size = now; *before, o, _ = before; n -= o
    return now[0] - before[0] - n, now[1] - before[1] - n * (size + 512), {16 * i: n - o for i, (n, o) in enumerate(zip(now[2:], before[2:])) if n > o}

def again(what, pids, do, still=lambda: True):
    """do(i) in rounds, until nothing is new any more; then no process holds more after twice as many.  A leak is a block a round;
    half of that is what caches may take that are not full yet.  still: is all over that a round began?"""
    rounds, seen = itertools.count(), []
    for _ in range(3):
        for _ in range(ROUNDS): do(next(rounds))
        b.wait(still, 30)
        seen.append(counts(pids))
    more = lambda: {name: grown(now, seen[1][name]) for name, now in counts(pids).items()}
    fits = lambda got: all(blocks < ROUNDS / 2 and n < 256 << 10 for blocks, n, _ in got.values())
    got = b.until(more, fits)
    for name in pids:
        blocks, n, sizes = got[name]
        ok(fits({name: got[name]}), f"{what}: {name} holds {blocks} blocks and {n} bytes more after {ROUNDS} rounds more", sizes)

POLICY = """role lead { lena }
permit bench any on env=bench as root id bench
permit bench forward on env=bench as root to 127.0.0.1:* id web
permit dora watch,join,admin,replay on env=bench id admins
permit lena approve on env=bench id leads
require approval 1 from role lead for any exec on env=bench cmd { /usr/bin/two ** } id two
require notify desk for any exec on name ~ "agent" id told
watch bench on env=bench match /passw0rd/ then alert id secret
"""
OTHER = POLICY.replace("/passw0rd/", "/geheim/").replace("id web", "id other-web") + "deny zoe any on env=prod reason \"no\" id zoe\n"
tmp = tempfile.mkdtemp(); os.chmod(tmp, 0o755)
heap = Heap(tmp)
desk = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); desk.bind(f"{tmp}/desk"); os.chmod(f"{tmp}/desk", 0o666)
threading.Thread(target=lambda: [desk.recv(65536) for _ in iter(int, 1)], daemon=True).start()
b = Clients(heap.programs, conf=f"NotifySink desk syslog {tmp}/desk\n", policy=POLICY)
keys = {"bench": b.key}

def person(name):
    keys[name] = f"{b.dir}/id_{name}"
    b.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", keys[name])
    b.ctl("user", "add", name); b.ctl("key", "add", name, f"{keys[name]}.pub")
def argv(name, *words, tty=False):
    return ["ssh", "-F", "/dev/null", "-i", keys[name], "-o", "IdentitiesOnly=yes", "-o", "UserKnownHostsFile=" + b.known, "-o", "LogLevel=ERROR",
            "-o", "BatchMode=yes", "-tt" if tty else "-T", "-p", str(b.port), f"{name}@127.0.0.1", *words]
def asks(name, *words):
    r = run(*argv(name, *words)); assert r.returncode == 0, r
    return r.stdout.decode().strip()
def idle(): return b.fronts() == {} and b.sessions("--live") == []
def titled(what):
    """The process below the monitor that has this in its title."""
    return next(p for of in (b.bastion.pid, *under(b.bastion.pid)) for p, name in b.children(of).items() if what in name)
def lives():
    """Those that live as long as the bastion."""
    return {"monitor": b.bastion.pid, **{name: b.child(name) for name in ("gate", "store", "notify", "acceptor")}, "staragent": b.agent.pid}

try:
    for name in ("dora", "lena"): person(name)
    data = os.urandom(100_000)
    with open(f"{b.dir}/sent", "wb") as f: f.write(data)

    def sessions(i):
        for host in ("box", "agent", "box.fx"):
            r = b.on(host, f"echo passw0rd {i}"); assert r.returncode == 0, r
        s = Screen(b.argv("box", options=["-tt"])); s.type(b"echo it''is; exit\r"); assert s.until(b"itis") and s.over(); s.close()
    again("sessions", lives(), sessions, idle)

    def refused(i):
        for way in (b.argv("box", options=["-i", keys["lena"], "-o", f"IdentityFile={keys['lena']}", "-l", "nobody+box"]), b.argv("bastion", "nosuch", "true"),
                    argv("lena", "box"), b.argv("box", "/usr/bin/two 1")):
            r = run(*way); assert r.returncode == 255, (way, r)
    again("what is refused", lives(), refused, idle)

    for host in ("box", "agent"):
        with Wire.connect(("127.0.0.1", b.port), f"bench+{host}", private_key(b.key)) as w:
            assert w.run("echo in")[0] == b"in\n"
            front = titled(f"bench -> {host}")
            pids = {"the front": front, **({"its staragent": max(under(b.agent.pid))} if host == "agent" else {})}
            def commands(i):
                assert w.run("echo in")[0] == b"in\n" and w.run(f"cat {b.dir}/sent")[0] == data
                assert w.run("/usr/bin/two 1")[2] != 0
            again(f"{host}: commands on one connection", pids, commands)

    echo = socket.create_server(("127.0.0.1", 0)); at = "127.0.0.1:%d" % echo.getsockname()[1]
    def answer():
        while True:
            with echo.accept()[0] as c: c.sendall(c.recv(100))
    threading.Thread(target=answer, daemon=True).start()
    for host in ("box", "box.fx", "agent"):
        master = f"{b.dir}/master-{host}"
        m = subprocess.Popen(b.argv(host, options=["-MNS", master]), stdin=subprocess.DEVNULL); b.procs.append(m)
        b.wait(lambda: os.path.exists(master))
        how = ("-F", b.config, "-o", f"ControlPath={master}")
        batch = f"put {b.dir}/sent {b.dir}/got\nget {b.dir}/got {b.dir}/back\nls {b.dir}\nrm {b.dir}/got\n".encode()
        def channels(i):
            for r in (run("sftp", "-q", *how, "-b", "-", host, stdin=batch), run("scp", "-O", "-q", *how, f"{b.dir}/sent", f"{host}:{b.dir}/got"),
                      run("ssh", *how, host, "cat", stdin=data)): assert r.returncode == 0, r
            s = Screen(["ssh", *how, "-tt", host, "stty size"]); assert s.over() and s.code == 0, s.out; s.close()
            r = run("ssh", *how, "-W", at, host, stdin=b"through"); assert r.stdout == b"through", r
        again(f"{host}: files, a terminal and a forwarded connection on one", {"the front": max(b.fronts())}, channels)
        m.terminate(); m.wait(10); b.procs.remove(m)

    b.wait(idle)
    s = Screen(b.argv("box", options=["-tt"])); s.type(b"echo be''gun\r"); assert s.until(b"begun")
    id = b.sessions("--live")[0]["id"]; front = max(b.fronts())
    def reloads(i):
        for text in (OTHER, POLICY): b.reload(text)
    again("reloads, with a session", {**lives(), "the front": front}, reloads)

    def lines(i):
        s.type(b"clear; echo a pass''w0rd\r"); assert s.until(b"passw0rd")
    again("lines that are watched for", {**lives(), "the front": front, "the sentry": titled("sentry")}, lines)

    def watched(i):
        s.type(b"clear; echo be''gun\r"); assert s.until(b"begun")
        v = Screen(argv("dora", "watch", id, tty=True)); assert v.shows(b"begun"), v.out; v.type(b"q"); assert v.over(); v.close()
        v = Screen(argv("dora", "join", id, tty=True)); assert v.shows(b"begun"), v.out; v.type(b"\x1dq"); assert v.over(); v.close()
        asks("dora", "session", "pause", id); asks("dora", "session", "resume", id)
    again("who watches and joins", {**lives(), "the front": front}, watched, lambda: len(b.fronts()) == 1)

    v = Screen(argv("bench", tty=True)); assert v.shows(b"box"), v.out
    def picked(i):
        for key in (b"box", b"\x15", b"\t", b"\x0f", b"\x0f", b"\x14", b"\x1b", b"\x19", b"\x1b", b"\x0c", b"?"): v.type(key)
        assert v.shows(b"this help"), v.out
        v.type(b" ")
    again("keys in the picker", {**lives(), "the menu": titled("menu"), "its front": max(b.fronts())}, picked)
    v.close()

    def visits(i):
        v = Screen(argv("bench", tty=True)); assert v.shows(b"box"), v.out; v.type(b"\x03"); assert v.over(); v.close()
    again("visits of the picker", {**lives(), "the other front": front}, visits, lambda: len(b.fronts()) == 1)
    s.close()

    b.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{b.dir}/another")
    print_of = b.run("ssh-keygen", "-lf", f"{b.dir}/another.pub").split()[1]
    b.ctl("group", "add", "ops")
    def directory(i):
        b.ctl("key", "add", "lena", f"{b.dir}/another.pub"); b.ctl("key", "del", "lena", print_of)
        b.ctl("user", "add", "new", "--group", "ops"); b.ctl("user", "del", "new"); b.ctl("group", "join", "ops", "lena"); b.ctl("group", "leave", "ops", "lena")
        b.ctl("user", "attr", "lena", "team=pay"); b.ctl("user", "attr", "lena", "team-"); b.ctl("user", "lock", "lena"); b.ctl("user", "unlock", "lena")
        b.ctl("host", "add", "another", "127.0.0.9", "--label", "env=bench", "--login", "root", "--hostkey", f"{b.dir}/hk.pub"); b.ctl("host", "del", "another")
    again("changes of the directory", lives(), directory, idle)

    # A request is kept for a month, and one made again is the same one: what waits for it goes.
    request = asks("bench", "request", "box", "--reason", "why", "--", "/usr/bin/two")
    def waits(i):
        assert asks("bench", "request", "box", "--reason", "why", "--", "/usr/bin/two") == request and request in asks("lena", "approvals")
        p = subprocess.Popen(argv("bench", "root@box", "/usr/bin/two"), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        said = p.stderr.readline(); p.kill(); p.communicate(); assert b"waits" in said, said
        assert run(*argv("lena", "approve", "nosuch")).returncode == 255
    again("who waits for approval", lives(), waits, idle)

    v = Screen(argv("dora", "replay", id, tty=True)); assert v.shows(b"begun"), v.out
    def keys_of_replay(i):
        for key in (b"G", b"g", b"/be", b"gun\r", b">", b"<", b"?"): v.type(key)
        assert v.shows(b"half or double"), v.out
        v.type(b"x")
    player = titled("replay")
    again("keys in the replay", {**lives(), "the player": player, "its reader": max(b.children(player))}, keys_of_replay)
    v.type(b"q"); v.over(); v.close()

    def replays(i):
        v = Screen(argv("dora", "replay", id, tty=True)); assert v.shows(b"begun"), v.out; v.type(b"q"); v.over(); v.close()
        b.ctl("session", "print", id, "--raw"); b.sessions(); b.events(); b.ctl("audit", "verify", "--db"); asks("dora", "sessions")
    again("replays and lists", lives(), replays, idle)
finally:
    b.stop(); shutil.rmtree(tmp, ignore_errors=True)
end()
