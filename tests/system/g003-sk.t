#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""Keys of every kind by the real client: plain ones, and those that live in a security key, which is made of software."""
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
def made(name, *how): b.run("ssh-keygen", "-q", *how, "-N", "", "-f", f"{b.dir}/{name}", stdin=subprocess.DEVNULL)
def login(key, name="alice+box", options=()):
    return subprocess.run(["ssh", "-F", "/dev/null", "-i", key, "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no", "-o",
                           "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-o", "BatchMode=yes", "-o", f"SecurityKeyProvider={provider}",
                           *options, "-p", str(b.port), f"{name}@127.0.0.1", "echo in"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
try:
    b.ctl("user", "add", "alice")
    # --- plain ones ---
    for kind, *more in (("ed25519",), ("ecdsa", "-b", "256"), ("ecdsa", "-b", "384"), ("ecdsa", "-b", "521"), ("rsa", "-b", "2048"), ("rsa", "-b", "4096")):
        name = "".join((kind, *more)); made(name, "-t", kind, *more); b.ctl("key", "add", "alice", f"{b.dir}/{name}.pub")
        for algorithm in ("rsa-sha2-256", "rsa-sha2-512") if kind == "rsa" else (None,):
            r = login(f"{b.dir}/{name}", options=("-o", f"PubkeyAcceptedAlgorithms={algorithm}") if algorithm else ())
            ok((r.stdout, r.returncode) == ("in\n", 0), f"{' '.join((kind, *more))} {algorithm or ''} logs in".replace("  ", " "), r)
    r = login(f"{b.dir}/rsa-b2048", options=("-o", "PubkeyAcceptedAlgorithms=ssh-rsa"))
    ok(r.returncode == 255 and r.stdout == "", "no signature with SHA-1", r)

    # --- in security keys ---
    for kind, words in (("ed25519-sk", "sk-ssh-ed25519@openssh.com"), ("ecdsa-sk", "sk-ecdsa-sha2-nistp256@openssh.com")):
        mine, other, third = (f"{b.dir}/{kind}-{name}" for name in ("mine", "other", "third"))
        for name in ("mine", "other", "third"): made(f"{kind}-{name}", "-t", kind, "-w", provider)
        ok(open(f"{mine}.pub").read().startswith(f"{words} "), f"{kind}: a key in a security key")
        b.ctl("key", "add", "alice", f"{mine}.pub")
        r = login(mine)
        ok((r.stdout, r.returncode) == ("in\n", 0), "it logs in", r)
        r = login(other)
        ok(r.returncode == 255 and r.stdout == "", "another does not", r)
        b.run("ssh-keygen", "-q", "-s", f"{ca}/ca", "-I", "sk", "-n", "alice", f"{third}.pub", stdin=subprocess.DEVNULL)
        r = login(third)
        ok((r.stdout, r.returncode) == ("in\n", 0), "a certificate of a security key logs in", r)
        b.run("ssh-keygen", "-q", "-s", f"{ca}/ca", "-I", "sk", "-n", "alice", "-O", "verify-required", f"{third}.pub", stdin=subprocess.DEVNULL)
        r = login(third)
        ok(r.returncode == 255 and r.stdout == "", "but not one that wants what is not visible here", r)
        code = re.search(r"e-[a-z0-9]{16}", b.ctl("enroll", f"bob-{kind}"))
        r = login(other, f"bob-{kind}+{code.group(0)}")
        ok(words in b.ctl("key", "list", f"bob-{kind}"), "a security key enrols by a code", r)
finally:
    b.stop()
    shutil.rmtree(ca, ignore_errors=True)
end()
