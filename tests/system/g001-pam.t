#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""PAM and the kernel's audit log: a real PAM service, a real client, the records read back from the kernel.

The service file lies in /etc/pam.d under a name of this test's own while it runs; its module asks for a
password and hands it to a script, so no account of the machine is touched."""
import os, shutil, subprocess, sys

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")

def skip(why):
    print(f"1..0 # SKIP {why}"); sys.exit(0)

if os.geteuid() != 0: skip("needs root for /etc/pam.d")
if not os.path.exists("/usr/sbin/sshd"): skip("no sshd")
for account in ("_fortress", "_fortress-gate", "_fortress-store"):
    if subprocess.run(["id", account], capture_output=True).returncode != 0: skip(f"no account {account}")
from bastion import Bastion, talk

n = failed = 0
def ok(good, what):
    global n, failed
    n += 1; failed += not good
    print(f"{'' if good else 'not '}ok {n} - {what}", flush=True)

def audit_enabled():
    r = subprocess.run(["auditctl", "-s"], capture_output=True, text=True)
    return "enabled 1" in r.stdout or "enabled 2" in r.stdout

service = f"fortress-test-{os.getpid()}"
path = f"/etc/pam.d/{service}"
b = None
was_on = audit_enabled() if shutil.which("auditctl") else True
try:
    b = Bastion(build, f"UsePAM yes\nPAMService {service}\nKernelAudit wanted\n",
                "permit any exec on env=bench as root id all\n")
    script = f"{b.dir}/check"
    open(script, "w").write('#!/bin/sh\ngiven=$(tr -d "\\000")\n[ "$given" = "open sesame" ]\n'); os.chmod(script, 0o755)
    open(path, "w").write(f"auth required pam_exec.so expose_authtok quiet {script}\nauth required pam_permit.so\naccount required pam_permit.so\n"
                          "session required pam_permit.so\n")
    b.ctl("user", "add", "pamela")
    base = ["ssh", "-F", "/dev/null", "-o", "PubkeyAuthentication=no", "-o", "StrictHostKeyChecking=no", "-o",
            "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-p", str(b.port)]
    out, rc = talk(base + ["pamela+box@127.0.0.1", "echo in; exit 5"], [("assword:", "wrong\n"), ("assword:", "open sesame\n")])
    ok(out.count("assword:") == 2, "PAM's own prompt, again after a wrong answer")
    ok("in" in out and rc == 5, "the right one gets in")
    out, rc = talk(base + ["nobody-here+box@127.0.0.1", "true"], [("assword:", "open sesame\n")] * 3)
    ok(rc == 255, "a user that only PAM knows is refused")
    events = b.ctl("session", "ls", "--json")
    ok('"user":"pamela"' in events and '"exit":5' in events, "the session is on the record")

    if shutil.which("auditctl"): subprocess.run(["auditctl", "-e", "1"], capture_output=True)
    marker = subprocess.run(["dmesg"], capture_output=True, text=True).stdout.count("\n")
    if not audit_enabled():
        n += 1; print(f"ok {n} # SKIP the kernel's audit log cannot be turned on here")
    else:
        out, rc = talk(base + ["pamela+box@127.0.0.1", "echo again"], [("assword:", "open sesame\n")])
        log = "\n".join(subprocess.run(["dmesg"], capture_output=True, text=True).stdout.split("\n"))
        own = [l for l in log.split("\n") if f'exe="{build}/fortress-monitor"' in l]
        if not own and subprocess.run(["pgrep", "-x", "auditd"], capture_output=True).returncode == 0:
            n += 1; print(f"ok {n} # SKIP auditd takes the records")
        else:
            for kind, name, text in (("1112", "USER_LOGIN", 'acct="pamela"'), ("1105", "USER_START", 'target="box"'),
                                     ("1123", "USER_CMD", "echo"), ("1106", "USER_END", 'target="box"')):
                ok(any(f"type={kind}" in l and (text in l or text == "echo") for l in own), f"the kernel has {name}")
finally:
    if b: b.stop()
    if os.path.exists(path): os.unlink(path)
    if not was_on: subprocess.run(["auditctl", "-e", "0"], capture_output=True)
print(f"1..{n}")
sys.exit(failed != 0)
