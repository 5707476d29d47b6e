#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""fortress serve as a person and a service manager meet it: what keeps it from starting is said, "started" means that it
serves, a former life is waited for, and every way to stop it closes the sessions with its reason."""
import json, os, signal, socket, sqlite3, subprocess, sys, time

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
import tap
from tap import ok
tap.needs_bastion()
from bastion import Bastion
from terminal import on_pty, until

b = Bastion(build, "KernelAudit off\n")
state = f"{b.dir}/state"

def fortress(*args, env=b.env, seconds=20, **kw):
    return subprocess.run([f"{build}/fortress", *args], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=seconds, **kw)
def alive(pid):
    try: return open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError: return False
def pid(): return int(open(f"{state}/run/fortress.pid").read())
def served(): return fortress("status").returncode == 0
def greets():
    with socket.create_connection(("127.0.0.1", b.port), 5) as s: s.settimeout(5); return s.recv(100) == b"SSH-2.0-Fortress_0.1\r\n"
def doctor(): return {r["check"]: r for r in json.loads(fortress("--json", "doctor").stdout)}
def session(way, *more):
    """A command that stays, with its recording open; an ssh."""
    before = len(b.sessions("--state-is", "open"))
    p = subprocess.Popen(b.ssh(way, *more) + ["echo here; exec sleep 60"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, text=True)
    p.stdout.readline()
    until(lambda: len(b.sessions("--state-is", "open")) > before)
    return p
def closings():
    db = sqlite3.connect(f"file:{state}/db/fortress.db?mode=ro", uri=True)
    try: return db.execute("SELECT state, reason FROM session ORDER BY id").fetchall()
    finally: db.close()
def start(*args, **kw):
    p = subprocess.Popen([f"{build}/fortress", "serve", *args], env=b.env, stdin=subprocess.DEVNULL, stdout=b.log, stderr=b.log, **kw)
    b.procs.append(p)
    return p

try:
    # --- healthy, and not ---
    d = doctor()
    ok(d["configuration"]["result"] == "ok" and d["listening"]["result"] == "ok" and str(b.port) in d["listening"]["found"],
       "doctor sees that it listens and answers", d)
    os.kill(b.child("acceptor"), signal.SIGSTOP); d = doctor(); os.kill(b.child("acceptor"), signal.SIGCONT)
    ok(d["listening"]["result"] == "fail" and "no SSH server answers" in d["listening"]["found"],
       "and that it does not, while the port is open", d["listening"])
    until(greets)

    # --- one stop, every session ends by it ---
    for name, how in (("SIGTERM", lambda: b.bastion.send_signal(signal.SIGTERM)),
                      ("Ctrl-C, which the whole foreground group gets", lambda: os.killpg(b.bastion.pid, signal.SIGINT)),
                      ("a service manager that tells every process", lambda: [os.kill(p, signal.SIGTERM) for p in
                       [*b.fronts(), *b.children(), b.bastion.pid] if alive(p)])):
        if not alive(b.bastion.pid) or os.getpgid(b.bastion.pid) != b.bastion.pid:
            if alive(b.bastion.pid): b.bastion.terminate()
            b.bastion.wait(15)
            b.bastion = start(start_new_session=True); until(served)
        n = len(closings())
        ps = [session("fortress"), session("agent", "-tt")]
        how()
        rc = b.bastion.wait(15)
        said = [p.communicate(timeout=60) for p in ps]
        ends = closings()[n:]
        ok(rc == 0 and ends == [("closed", "the bastion stops")] * 2, f"{name}: both sessions are closed by the stop", rc, ends)
        ok("fortress: the bastion stops" in said[0][1] and "fortress: the bastion stops" in "".join(said[1]),
           "and both users are told", said)

    # --- --background ---
    open(f"{state}/log/fortress.log", "w").close()
    begin = time.monotonic()
    r = fortress("serve", "--background")
    ok(r.returncode == 0 and greets() and r.stderr == "", "--background returns when it serves, without a word", r.stderr)
    first = pid()
    ok(os.readlink(f"/proc/{first}/fd/2") == f"{state}/log/fortress.log" and
       "listening" in open(f"{state}/log/fortress.log").read(), "and writes its log to log/fortress.log")
    r = fortress("serve", "--background")
    ok(r.returncode == 1 and "runs on this state already" in r.stderr, "a second one says why it does not start", r.stderr)
    ok(alive(first) and pid() == first and greets(), "and does not disturb the first")

    # --- a former life ---
    os.kill(first, signal.SIGKILL)
    r = fortress("serve", "--background")
    ok(r.returncode == 0 and greets(), "kill -9, and it starts again at once", r.stderr)
    os.kill(pid(), signal.SIGTERM); until(lambda: not os.path.exists(f"{state}/run/fortress.pid"))

    # --- what keeps it from starting ---
    os.rename(f"{state}/keys/host_ecdsa", f"{state}/keys/away")
    r = fortress("serve", "--background")
    ok(r.returncode == 0 and greets(), "a default host key that is not there is left out", r.stderr)
    os.kill(pid(), signal.SIGTERM); until(lambda: not os.path.exists(f"{state}/run/fortress.pid"))
    for t in ("ed25519", "rsa"): os.rename(f"{state}/keys/host_{t}", f"{state}/keys/away_{t}")
    for args in (("-t",), ("--background",), ()):
        r = fortress("serve", *args)
        ok(r.returncode == 1 and "there is no host key" in r.stderr and "fortress setup" in r.stderr,
           f"without any, serve {' '.join(args)} does not start".replace("  ", " "), r.returncode, r.stderr)
    d = doctor(); ok(d["configuration"]["result"] == "fail" and d["retention"]["result"] == "warn" and "not looked at" in d["retention"]["found"], "and doctor fails", d)
    open(f"{state}/keys/host_rsa", "w").write("-----BEGIN OPENSSH PRIVATE KEY-----\nrubbish\n")
    r = fortress("serve", "--background")
    ok(r.returncode == 1 and "not a private key that can be read" in r.stderr and "does not start" in r.stderr,
       "a damaged one: it gives up, and the shell is told", r.stderr)
    r = fortress("serve")
    ok(r.returncode == 1 and "not a private key that can be read" in r.stderr, "in the foreground too", r.stderr)
    ok(not os.path.exists(f"{state}/run/fortress.pid"), "and leaves nothing behind")
    os.rename(f"{state}/keys/away_rsa", f"{state}/keys/host_rsa")
    taken = socket.socket(); taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    taken.bind(("127.0.0.1", b.port)); taken.listen()
    r = fortress("serve", "--background")
    ok(r.returncode == 1 and "in use" in r.stderr, "a port that is taken", r.stderr)
    taken.close()
    r = fortress("serve", "--foo")
    ok(r.returncode == 2 and r.stderr.startswith("fortress serve: --foo: no such option"), "an option that is none", r.stderr)

    # --- a libssh of before its fixes, as dpkg lists it ---
    listed = f"{b.dir}/dpkg"; open(listed, "w").write("Package: libssh-4\nStatus: install ok installed\nVersion: 0.10.6-0+deb12u1\n")
    with_old = ["unshare", "-m", "sh", "-c", f'mount --bind {listed} /var/lib/dpkg/status && exec "$@"', "sh", f"{build}/fortress"]
    r = subprocess.run([*with_old, "--json", "doctor"], env=b.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    if not tap.without("unshare" in r.stderr or "mount" in r.stderr, "an old libssh", "no mount namespaces"):
        d = {x["check"]: x for x in json.loads(r.stdout)}["libssh"]
        ok(d["result"] == "fail" and "0.10.6-0+deb12u1" in d["found"] and "apt-get" in d["what_to_do"], "doctor looks at the libssh that is installed now", d)
        open(f"{b.dir}/fortress.log", "w").close()
        p = subprocess.Popen([*with_old, "serve"], env=b.env, stdin=subprocess.DEVNULL, stdout=b.log, stderr=b.log); b.procs.append(p)
        ok(until(served) and "error: libssh 0.10.6-0+deb12u1 is installed, which lacks the fixes" in open(f"{b.dir}/fortress.log").read(),
           "and the log says so at every start", open(f"{b.dir}/fortress.log").read())
        p.terminate(); p.wait(15)

    # --- a service manager ---
    path = f"{b.dir}/notify"
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(path); s.settimeout(60)
    b.env["NOTIFY_SOCKET"] = path
    p = start(); said = s.recv(100)
    ok(said == b"READY=1" and greets(), "it is told when the bastion serves", said)
    del b.env["NOTIFY_SOCKET"]
    p.send_signal(signal.SIGHUP); ok(until(lambda: "configuration loaded" in open(f"{b.dir}/fortress.log").read()), "SIGHUP reloads")
    p.terminate(); p.wait(15); s.close()

    # --- a terminal ---
    def on_terminal(*argv):
        child, fd = on_pty(argv, b.env)
        until(lambda: served())
        return child, fd
    child, fd = on_terminal(f"{build}/fortress", "serve")
    os.close(fd)
    ok(until(lambda: not alive(child)), "a bastion on a terminal ends with it")
    os.waitpid(child, 0)
    child, fd = on_terminal("/usr/bin/nohup", f"{build}/fortress", "serve")
    os.close(fd)
    ok(not until(lambda: not alive(child), 1) and greets(), "but not one under nohup")
    os.kill(child, signal.SIGTERM); os.waitpid(child, 0)
finally:
    try: os.kill(pid(), signal.SIGTERM)
    except (OSError, ValueError): pass
    b.stop()
tap.end()
