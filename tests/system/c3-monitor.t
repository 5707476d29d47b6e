#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""The monitor and its children: what each is told, and what happens when one cannot be started."""
import os, re, resource, signal, socket, subprocess, sys, tempfile, time

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import ok, needs_bastion, end
needs_bastion()
from bastion import Bastion

# Programs that can be taken away and brought back, as a package manager does.
lib = tempfile.mkdtemp(prefix="fortress-lib-")
os.chmod(lib, 0o755)
for p in ("fortress", "fortress-monitor", "fortress-front", "fortress-gate", "fortress-store", "fortress-menu", "staragent"):
    os.symlink(os.path.abspath(f"{build}/{p}"), f"{lib}/{p}")
def away(p): os.rename(f"{lib}/{p}", f"{lib}/{p}.away")
def back(p): os.rename(f"{lib}/{p}.away", f"{lib}/{p}")

b = None
try:
    b = Bastion(lib, "KernelAudit off\nLogLevel debug\n")
    def log(): return open(f"{b.dir}/fortress.log").read()
    def works(): return subprocess.run(b.ssh("fortress") + ["echo in"], stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    def events(c): return [e for e in b.events() if e["class"] == c]
    def comes(what, n=1, seconds=15):
        """Is it in the log n times (soon)?"""
        try: b.wait(lambda: len(re.findall(what, log())) >= n, seconds)
        except SystemExit: return False
        return True
    monitor = b.bastion.pid
    before = b.child("acceptor")
    ok(works().stdout == b"in\n", "with LogLevel debug a bastion starts and works", log())
    ok(comes(r"front\[conn \d+\]\[\d+\] debug:"), "fronts say more", log())

    # --- What happens once is on the record once. ---
    logins = events(3002)
    ok(len(logins) == 1 and logins[0]["ok"] and "publickey" in logins[0]["text"], "a login is one event", logins)
    ok(len([e for e in events(3004) if "policy" in e["text"]]) == 1, "a policy that was loaded is one event", events(3004))
    other = f"{b.dir}/other"
    b.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", other)
    r = subprocess.run([x if x != b.key else other for x in b.ssh("fortress")] + ["true"], stdin=subprocess.DEVNULL, capture_output=True)
    b.ctl("user", "disable", "bench")
    r2 = works()
    b.ctl("user", "enable", "bench")
    logins = events(3002)[1:]
    ok(r.returncode == 255 and r2.returncode == 255 and len(logins) == 2 and not any(e["ok"] for e in logins), "so is one that is refused", logins)

    # --- A new acceptor that cannot be started: the old one stays. ---
    away("fortress-front")
    os.kill(monitor, signal.SIGHUP)
    ok(comes("configuration not loaded, the old one stays: .*fortress-front"), "SIGHUP without the front's program is an error in the log", log())
    ok(works().stdout == b"in\n" and b.bastion.poll() is None and b.child("acceptor") == before, "and the old acceptor serves on", log())
    back("fortress-front")
    away("fortress-front")
    os.symlink("/bin/false", f"{lib}/fortress-front")
    os.kill(monitor, signal.SIGHUP)
    ok(comes("new acceptor ended"), "one that ends before it serves is an error in the log", log())
    ok(works().stdout == b"in\n" and b.child("acceptor") == before, "and the old acceptor serves on", log())
    os.unlink(f"{lib}/fortress-front")
    back("fortress-front")

    # --- A configuration is in force as a whole, or not at all. ---
    conf = f"{b.dir}/state/fortress.conf"
    text = open(conf).read()
    open(f"{b.dir}/state/keys/rubbish", "w").write("-----BEGIN OPENSSH PRIVATE KEY-----\nrubbish\n"); os.chmod(f"{b.dir}/state/keys/rubbish", 0o600)
    for what, line in (("a word that is none", "Bogus yes\n"), ("a host key that cannot be read", "HostKey keys/rubbish\n")):
        n = len(re.findall("configuration not loaded, the old one stays", log()))
        open(conf, "w").write(f"AuthenticationMethods publickey,totp\nMaxConnections 1\n{text}{line}")
        os.kill(monitor, signal.SIGHUP)
        ok(comes("configuration not loaded, the old one stays", n + 1), f"{what}: the log says that all stays as it was", log()[-600:])
        with socket.create_connection(("127.0.0.1", b.port)):
            ok(works().stdout == b"in\n" and b.child("acceptor") == before, f"{what}: nothing of that configuration is in force", log()[-600:])
    open(conf, "w").write(text.replace("LogLevel debug", "LogLevel error"))
    os.kill(monitor, signal.SIGHUP)
    b.wait(lambda: before not in b.children())
    size = len(log())
    ok(works().stdout == b"in\n" and b.child("acceptor") != before, "a new one that serves takes over", log())
    ok(not re.search(r"(monitor|front\S*)\[\d+\] (info|debug)", log()[size:]), "LogLevel error: monitor and fronts say no more than that", log()[size:])

    # --- No descriptor is left. ---
    def cpu():
        f = open(f"/proc/{monitor}/stat").read().rsplit(")", 1)[1].split()
        return (int(f[11]) + int(f[12])) / os.sysconf("SC_CLK_TCK")
    limits = resource.prlimit(monitor, resource.RLIMIT_NOFILE)
    resource.prlimit(monitor, resource.RLIMIT_NOFILE, (3, limits[1]))
    socks = [socket.create_connection(("127.0.0.1", b.port)) for _ in range(30)]
    ok(comes("cannot accept"), "without descriptors nobody is accepted, and the log says why")
    before, start, size = cpu(), time.monotonic(), len(log())
    time.sleep(1)
    used, lines = cpu() - before, log()[size:].count("cannot accept")
    ok(used < 0.3 * (time.monotonic() - start) and lines <= 1, "the monitor rests instead of trying for ever", used, lines)
    resource.prlimit(monitor, resource.RLIMIT_NOFILE, limits)
    ok(works().stdout == b"in\n", "those who waited are accepted when there are some again", log()[-2000:])
    for s in socks: s.close()

    # --- A child that ends while its program is away. ---
    for name, program in (("acceptor", "fortress-front"), ("gate", "fortress-gate"), ("store", "fortress-store")):
        n = len(re.findall("cannot start again", log()))
        away(program)
        os.kill(b.child(name), signal.SIGKILL)
        ok(comes("cannot start again", n + 2), f"without its program the {name} is not started, and that is tried again", log()[-2000:])
        back(program)
        try:
            b.wait(lambda: works().stdout == b"in\n", 20)
            good = True
        except SystemExit: good = False
        ok(good and b.bastion.poll() is None, f"once it is back, the {name} comes back by itself", log()[-2000:])
    # --- A child whose sandbox does not hold. ---
    away("fortress-gate")
    with open(f"{lib}/fortress-gate", "w") as f:
        f.write("#!/usr/bin/python3\nimport socket, struct, time\ns = socket.socket(fileno=3)\ns.send(struct.pack('<HI', 1, 0))\ntime.sleep(60)\n")
    os.chmod(f"{lib}/fortress-gate", 0o755)
    os.kill(b.child("gate"), signal.SIGKILL)
    ok(comes("process killed: gate: it says that its sandbox does not hold"), "a gate that says that its sandbox does not hold is killed", log()[-2000:])
    os.unlink(f"{lib}/fortress-gate")
    back("fortress-gate")
    try: b.wait(lambda: works().stdout == b"in\n", 20); good = True
    except SystemExit: good = False
    ok(good, "one that is sandboxed serves again", log()[-2000:])
    ok(len(b.children()) == 3, "and each is there once", b.children())
finally:
    if b: b.stop()
    subprocess.run(["rm", "-rf", lib])
end()
