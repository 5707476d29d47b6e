#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""PAM and the kernel's audit log: a real PAM service, a real client, the records read back from the kernel."""
import os, shutil, signal, socket, struct, subprocess, sys, time

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import end, needs_bastion, ok, without
needs_bastion()
from bastion import Bastion, alone, talk
from pam import PERMIT, Service
from terminal import until

def audit_enabled():
    r = subprocess.run(["auditctl", "-s"], capture_output=True, text=True)
    return "enabled 1" in r.stdout or "enabled 2" in r.stdout

pam = Service()
b = None
alone("audit")
was_on = audit_enabled() if shutil.which("auditctl") else True
try:
    b = Bastion(build, f"{pam.keywords}KernelAudit wanted\n",
                "permit any exec on env=bench as root id all\n")
    asks = pam.asks(b.dir)
    pam.has(asks + PERMIT)
    for name in ("pamela", "pamina"): b.ctl("user", "add", name)
    base = ["ssh", "-F", "/dev/null", "-o", "PubkeyAuthentication=no", "-o", "StrictHostKeyChecking=no", "-o",
            "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-p", str(b.port)]
    out, rc = talk(base + ["pamela+box@127.0.0.1", "echo in; exit 5"], [("assword:", "wrong\n"), ("assword:", "open sesame\n")])
    ok(out.count("assword:") == 2, "PAM's own prompt, again after a wrong answer")
    ok("in" in out and rc == 5, "the right one gets in")
    out, rc = talk(base + ["nobody-here+box@127.0.0.1", "true"], [("assword:", "open sesame\n")] * 3)
    ok(rc == 255, "a user that only PAM knows is refused")
    # Who does not exist is asked the same, and as slowly.
    open(f"{b.dir}/slow", "w").write("#!/bin/sh\nsleep 1\n"); os.chmod(f"{b.dir}/slow", 0o755)
    pam.has(f"auth optional pam_exec.so quiet {b.dir}/slow\n" + asks + PERMIT)
    def guess(name, source):                               # a wrong password slows its source
        begun = time.monotonic(); out, rc = talk(base + ["-b", source, f"{name}+box@127.0.0.1", "true"], [("assword:", "wrong\n")] * 3)
        return out.replace(name, "NAME"), rc, time.monotonic() - begun
    (known, rc, took), (unknown, rc2, took2) = guess("pamina", "127.0.0.2"), guess("nobody-at-all", "127.0.0.3")
    ok((known, rc) == (unknown, rc2) and known.count("assword:") == 3, "a user who does not exist is asked as one who does", known, unknown)
    ok(min(took, took2) > 2.9, f"and three tries take at least as long: {took:.1f} and {took2:.1f} s")
    pam.has(asks + PERMIT)
    events = b.ctl("session", "ls", "--json")
    ok('"user":"pamela"' in events and '"exit":5' in events, "the session is on the record")

    # --- what modules say, and the phases behind the password ---
    open(f"{b.dir}/notice", "w").write('Grüße an %u: "bring <your> badge"\nsecond line\n')
    open(f"{b.dir}/phases", "w").write(f'#!/bin/sh\necho "$PAM_TYPE $PAM_USER $PAM_RHOST $PAM_SERVICE" >>{b.dir}/said\n'); os.chmod(f"{b.dir}/phases", 0o755)
    AUTH = f"auth optional pam_echo.so file={b.dir}/notice\n" + asks
    def login(auth="auth required pam_permit.so\n", account="pam_permit.so", session=f"pam_exec.so {b.dir}/phases"):
        """By a password, with these modules: what was shown, the status, and which phases of the session there were when it was over."""
        pam.has(AUTH + auth + f"account required {account}\nsession required {session}\n")
        if os.path.exists(f"{b.dir}/said"): os.unlink(f"{b.dir}/said")
        out, rc = talk(["ssh", "-o", "LogLevel=INFO", "-o", "NumberOfPasswordPrompts=1", *base[1:], "pamela+box@127.0.0.1", "echo in"], [("assword:", "open sesame\n")])
        said = lambda: open(f"{b.dir}/said").read().split("\n")[:-1] if os.path.exists(f"{b.dir}/said") else []
        if rc == 0: until(lambda: len(said()) == 2, 10)
        return out, rc, said()
    out, rc, said = login()
    ok('Gr\\303\\274\\303\\237e an pamela: "bring <your> badge"\r\nsecond line' in out and rc == 0, "what a module says comes word for word", out)
    ok(said == [f"{phase} pamela 127.0.0.1 {pam.name}" for phase in ("open_session", "close_session")], "its session is opened, and closed behind the login", said)
    out, rc, said = login(account="pam_debug.so acct=perm_denied")
    ok(rc == 255 and said == [], "who may not log in by the account phase does not, with a password that is right", out, rc, said)
    r = subprocess.run(b.ssh("fortress") + ["echo in"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    ok(r.returncode == 255 and r.stdout == "", "nor by a key", r)
    out, rc, said = login(auth="auth required pam_debug.so auth=success cred=cred_err\n")
    ok(rc == 255 and said == [], "nor whose credentials cannot be established", out, rc, said)
    out, rc, said = login(session="pam_debug.so open_session=session_err")
    ok(rc == 255 and "in\r" not in out, "nor whose session cannot be opened", out, rc)
    pam.has(asks + PERMIT)

    # --- the method "password", which is there only where it is configured ---
    def by_password(*words):
        return talk(base + ["-o", "PreferredAuthentications=password", "-o", f"NumberOfPasswordPrompts={len(words)}", "pamela+box@127.0.0.1", "echo in; exit 6"],
                    [("assword:", f"{w}\n") for w in words])
    out, rc = by_password("open sesame")
    ok(rc == 255 and "assword:" not in out and "(publickey,keyboard-interactive)" in out, "no password is asked for", out, rc)
    conf, log = f"{b.dir}/state/fortress.conf", f"{b.dir}/fortress.log"; text = open(conf).read(); served = open(log).read().count("a new acceptor serves")
    open(conf, "w").write(text + "PasswordAuthentication yes\n"); b.bastion.send_signal(signal.SIGHUP)
    b.wait(lambda: open(log).read().count("a new acceptor serves") > served)
    out, rc = by_password("wrong", "open sesame")
    ok(out.count("assword:") == 2 and "in\r\n" in out and rc == 6, "where it is configured a wrong one is asked for again, the right one lets in", out, rc)
    out, rc = by_password("wrong", "open sesame\x1b", "")
    ok(rc == 255 and out.count("assword:") == 3, "others do not", out, rc)
    logins = [e["text"] for e in b.events() if e["class"] == 3002 and e["ok"]]
    ok("by password" in logins[-1], "the record says by what", logins[-1])

    if shutil.which("auditctl"): subprocess.run(["auditctl", "-e", "1"], capture_output=True)
    if not audit_enabled():
        without(True, "the records in the kernel", "the kernel's audit log cannot be turned on here")
    else:
        # From the kernel's own group of listeners: what it prints of it (dmesg) is little when much is to be said at once.
        listener = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 9); listener.bind((0, 1)); listener.settimeout(60)
        out, rc = talk(base + ["pamela+box@127.0.0.1", "echo again"], [("assword:", "open sesame\n")])
        own, limit = [], time.monotonic() + 10         # the end of a session is told after its client has gone
        while not any(kind == 1106 for kind, _ in own) and time.monotonic() < limit:
            try: data = listener.recv(65536)
            except TimeoutError: break
            text = data[16:].decode("utf-8", "replace")
            if f'exe="{build}/fortress-monitor"' in text and "op=PAM" not in text: own.append((struct.unpack_from("=H", data, 4)[0], text))
        for kind, name, text in ((1112, "USER_LOGIN", 'acct="pamela"'), (1105, "USER_START", 'target="box"'), (1123, "USER_CMD", ""), (1106, "USER_END", 'target="box"')):
            ok(any(kind == k and text in l for k, l in own), f"the kernel has {name}", own)
finally:
    if b: b.stop()
    pam.end()
    if not was_on: subprocess.run(["auditctl", "-e", "0"], capture_output=True)
end()
