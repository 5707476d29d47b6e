#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""Keys that live in a security key (sk-ssh-ed25519), by the real client and a key made of software."""
import os, re, shutil, subprocess, sys, tempfile

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import end, needs_bastion, ok, skip
needs_bastion()
if not os.path.exists("/usr/lib/openssh/ssh-sk-helper"): skip("no ssh-sk-helper")
provider = os.path.abspath(f"{build}/tests/system/sk_provider.so")
if not os.path.exists(provider): skip("no provider was built")
from bastion import Bastion

ca = tempfile.mkdtemp(prefix="fortress-ca-")
subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{ca}/ca"], check=True, stdin=subprocess.DEVNULL)
b = Bastion(build, f"KernelAudit off\nTrustedUserCAKeys {ca}/ca.pub\n", "permit alice exec on env=bench as root id a\n")
def login(key, name="alice+box"):
    return subprocess.run(["ssh", "-F", "/dev/null", "-i", key, "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no", "-o",
                           "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-o", "BatchMode=yes", "-o", f"SecurityKeyProvider={provider}",
                           "-p", str(b.port), f"{name}@127.0.0.1", "echo in"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
try:
    for name in ("mine", "other"):
        b.run("ssh-keygen", "-q", "-t", "ed25519-sk", "-w", provider, "-N", "", "-f", f"{b.dir}/{name}", stdin=subprocess.DEVNULL)
    ok(open(f"{b.dir}/mine.pub").read().startswith("sk-ssh-ed25519@openssh.com "), "a key in a security key")
    b.ctl("user", "add", "alice")
    b.ctl("key", "add", "alice", f"{b.dir}/mine.pub")
    r = login(f"{b.dir}/mine")
    ok((r.stdout, r.returncode) == ("in\n", 0), "it logs in", r)
    r = login(f"{b.dir}/other")
    ok(r.returncode == 255 and r.stdout == "", "another does not", r)
    b.run("ssh-keygen", "-q", "-t", "ed25519-sk", "-w", provider, "-N", "", "-f", f"{b.dir}/third", stdin=subprocess.DEVNULL)
    b.run("ssh-keygen", "-q", "-s", f"{ca}/ca", "-I", "sk", "-n", "alice", f"{b.dir}/third.pub", stdin=subprocess.DEVNULL)
    r = login(f"{b.dir}/third")
    ok((r.stdout, r.returncode) == ("in\n", 0), "a certificate of a security key logs in", r)
    b.run("ssh-keygen", "-q", "-s", f"{ca}/ca", "-I", "sk", "-n", "alice", "-O", "verify-required", f"{b.dir}/third.pub", stdin=subprocess.DEVNULL)
    r = login(f"{b.dir}/third")
    ok(r.returncode == 255 and r.stdout == "", "but not one that wants what is not visible here", r)
    code = re.search(r"e-[a-z0-9]{16}", b.ctl("enroll", "bob"))

    ok(code is not None, "a code for bob")

    r = login(f"{b.dir}/other", f"bob+{code.group(0)}")
    ok("sk-ssh-ed25519@openssh.com" in b.ctl("key", "list", "bob"), "a security key enrols by a code", r)
finally:
    b.stop()
    shutil.rmtree(ca, ignore_errors=True)
end()
