#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""AuthenticationMethods and MfaPeriod: keys, PAM, codes and certificates in lists, by the real client."""
import os, select, shutil, signal, sqlite3, subprocess, sys, time

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import end, needs_bastion, ok, skip
needs_bastion()
if not shutil.which("oathtool"): skip("no oathtool")
from bastion import Bastion, factor_key, talk
from pam import PERMIT, Service
from terminal import on_pty, until

service = Service()
b = None
env = dict(os.environ, LC_ALL="C.UTF-8", TERM="xterm"); env.pop("SSH_AUTH_SOCK", None)

def ssh(name="bench+box", key=None, *more):
    return ["ssh", "-F", "/dev/null", "-i", key or b.key, "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no", "-o",
            "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-p", str(b.port), *more, f"{name}@127.0.0.1", "echo in''side"]
def alone(name="bench+box", key=None, *more):
    """Whether a client that answers no prompt comes in."""
    r = subprocess.run(ssh(name, key, "-o", "BatchMode=yes", *more), capture_output=True, text=True, stdin=subprocess.DEVNULL, env=env, timeout=60)
    return r.stdout == "inside\n", r
def prompted(script, name="bench+box", key=None, *more):
    out, rc = talk(ssh(name, key, *more), script, env=env)
    return "inside" in out and rc == 0, out
def events(like):
    db = sqlite3.connect(f"file:{b.dir}/state/db/fortress.db?mode=ro", uri=True)
    rows = db.execute("SELECT text FROM event WHERE text LIKE ? ORDER BY id DESC", (f"%{like}%",)).fetchall()
    db.close()
    return [r[0] for r in rows]
def event(like, seconds=5):
    return until(lambda: events(like), seconds)
def configure(*lines):
    """Rewrites the configuration, and waits for the acceptor that serves by it."""
    log = f"{b.dir}/fortress.log"; before = open(log).read().count("a new acceptor serves")
    open(f"{b.dir}/state/fortress.conf", "w").write("\n".join([base, *lines]) + "\n")
    os.kill(b.bastion.pid, signal.SIGHUP)
    b.wait(lambda: open(log).read().count("a new acceptor serves") > before)

try:
    b = Bastion(build, "", "permit bench any on env=bench as root id bench\npermit cert:ci exec on env=bench as root id ci\n"
                "require mfa for bench any on env=bench id mfa\n")
    service.has(service.asks(b.dir) + PERMIT)
    for k in ("ca", "robot", "second"): b.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{b.dir}/{k}")
    b.run("ssh-keygen", "-q", "-s", f"{b.dir}/ca", "-I", "robot", "-n", "robot,ci", f"{b.dir}/robot.pub")
    b.ctl("key", "add", "bench", f"{b.dir}/second.pub")
    base = open(f"{b.dir}/state/fortress.conf").read() + (f"KernelAudit off\n{service.keywords}"
            f"TrustedUserCAKeys {b.dir}/ca.pub\nMaxAuthTries 10")
    robot = f"{b.dir}/robot"; once = ("-o", "NumberOfPasswordPrompts=1"); pam = ("assword:", "open sesame\n")

    # A key, then PAM.
    configure("AuthenticationMethods publickey,keyboard-interactive certificate")
    good, r = alone(); ok(not good and "keyboard-interactive" in r.stderr, "the key alone leaves PAM to be asked", r)
    good, out = prompted([pam]); ok(good and "code" not in out, "a key and PAM let in, and are two factors for the policy", out)
    ok(event("bench logged in by publickey+keyboard-interactive"), "which is on the record")
    # The host's socket comes by the monitor, the decision by the gate: whichever is seen first.
    many = [prompted([pam]) for _ in range(20)]
    ok(all(good for good, _ in many), "time and again", [out for good, out in many if not good])
    good, out = prompted([("assword:", "wrong\n")], "bench+box", None, *once); ok(not good, "a wrong answer does not", out)
    good, r = alone("bench+box", None, "-o", "PubkeyAuthentication=no", "-o", "BatchMode=no", "-o", "PreferredAuthentications=keyboard-interactive", *once)
    ok(not good and "(publickey)" in r.stderr, "PAM without the key is not even asked", r)
    good, r = alone(key=f"{b.dir}/ca"); ok(not good and "keyboard-interactive" not in r.stderr, "another key leads nowhere", r)
    good, r = alone("robot+box", robot); ok(good, "a certificate is a list of its own", r)

    # PAM, then a key.
    configure("AuthenticationMethods keyboard-interactive,publickey")
    good, r = alone(); ok(not good and "(keyboard-interactive)" in r.stderr, "the order counts", r)
    good, out = prompted([pam]); ok(good, "PAM, then a key", out)
    good, out = prompted([pam], "bench+box", None, "-o", "PubkeyAuthentication=no", *once); ok(not good, "PAM alone does not do", out)

    # A code, or PAM.
    configure("AuthenticationMethods publickey,totp publickey,keyboard-interactive")
    good, out = prompted([("code: ", "000000\n"), pam], "bench+box", None, "-o", "NumberOfPasswordPrompts=2")
    ok(good and out.index("code: ") < out.index("assword:"), "a code is asked for first, PAM after a wrong one", out)
    good, r = alone("robot+box", robot)
    ok(not good, "a certificate is a key there", r)
    configure("AuthenticationMethods publickey,totp")
    good, r = alone("robot+box", robot)
    ok(not good and event("only users of the directory have one"), "a robot whom the directory does not know has no code", r)

    # The period: proved by PAM, which needs no secret of the app.
    configure("AuthenticationMethods publickey,keyboard-interactive", "MfaPeriod 8h")
    b.ctl("user", "lock", "bench"); b.ctl("user", "unlock", "bench")
    good, r = alone(); ok(not good, "nothing is remembered yet", r)
    good, out = prompted([pam]); ok(good, "once", out)
    good, r = alone(); ok(good, "then the key alone does, for the policy too", r)
    ok(event("the second factor was proved earlier"), "and the record says why")
    good, r = alone("bench+box", None, "-o", "BindAddress=127.0.0.2"); ok(not good, "not from another address", r)
    good, r = alone(key=f"{b.dir}/second"); ok(not good, "nor with another key", r)
    b.ctl("user", "lock", "bench"); b.ctl("user", "unlock", "bench")
    good, r = alone(); ok(not good, "a lock forgets it", r)
    good, out = prompted([pam]); ok(good, "once more", out)
    configure("AuthenticationMethods publickey,keyboard-interactive", "MfaPeriod 1s")
    limit = time.monotonic() + 10
    while (got := alone())[0] and time.monotonic() < limit: time.sleep(0.2)
    ok(not got[0], "until the period is over", got[1])

    # A code alone as the second.
    configure("AuthenticationMethods publickey,totp", "MfaPeriod 8h")
    b.ctl("user", "lock", "bench"); b.ctl("user", "unlock", "bench")
    pid, fd = on_pty(ssh(), env)
    shown = ""
    while "code: " not in shown and select.select([fd], [], [], 20)[0]: shown += os.read(fd, 4096).decode("utf-8", "replace")
    secret = factor_key(shown)
    now = subprocess.run(["oathtool", "--totp", "-b", secret], capture_output=True, text=True, check=True).stdout
    os.write(fd, now.encode()); rest = ""
    while select.select([fd], [], [], 20)[0]:
        try: data = os.read(fd, 4096)
        except OSError: break
        if not data: break
        rest += data.decode("utf-8", "replace")
    os.waitpid(pid, 0)
    ok("inside" in rest, "the first code lets in", rest)
    good, r = alone(); ok(good, "and counts for the period", r)
    b.ctl("user", "reset-factor", "bench")
    good, r = alone(); ok(not good, "unless the factor is reset", r)

    # What is wrong is refused whole.
    log = f"{b.dir}/fortress.log"
    open(f"{b.dir}/state/fortress.conf", "w").write(base + "\nAuthenticationMethods publickey,password\n"); os.kill(b.bastion.pid, signal.SIGHUP)
    b.wait(lambda: "needs PasswordAuthentication yes" in open(log).read())
    ok("configuration not loaded, the old one stays" in open(log).read(), "lists that cannot be are not taken")
finally:
    if b: b.stop()
    service.end()
end()
