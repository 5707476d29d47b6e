#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""Hosts out of other programs' files into a live bastion, all or nothing; and back as the clients' configuration, which the
real clients use: OpenSSH with hundreds of hosts and strict host keys, Ansible, plink."""
import csv, io, json, os, shutil, subprocess, sys

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")

from tap import ok, needs_bastion, without, end
needs_bastion()
from bastion import Bastion

b = Bastion(build, "KernelAudit off\n", "permit bench any on env=bench as root id bench\n")
def ctl(*args, text=None):
    return subprocess.run([f"{build}/fortress", *args], env=b.env, capture_output=True, text=True, input=text, timeout=120)
def names(): return {h["name"]: h for h in json.loads(ctl("--json", "host", "list").stdout)}
def put(name, text):
    open(f"{b.dir}/{name}", "w").write(text); return f"{b.dir}/{name}"
def run(*args, **kw):
    return subprocess.run(args, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, **kw)

try:
    key = " ".join(open(f"{b.dir}/hk.pub").read().split()[:2])
    known = put("known", f"[127.0.0.1]:{b.sshd_port} {key}\n10.1.0.9,web9 {key}\n@revoked * {key}\n# a comment\n")
    b.run("ssh-keygen", "-H", "-f", known)
    ok("|1|" in open(known).read(), "known_hosts is hashed, as Debian has it")
    config = put("ssh_config", f"Host box2 second\n\tHostName 127.0.0.1\n\tPort {b.sshd_port}\n\tUser root\nHost web9\n\tHostName 10.1.0.9\nHost *\n\tUser root\n")

    # The plan, and then its execution.
    r = ctl("import", "ssh-config", config, "--known-hosts", known, "--label", "env=bench", "--json")
    plan = json.loads(r.stdout)
    ok(r.returncode == 0 and [(p["action"], p["name"], p["address"], p["port"], p["logins"]) for p in plan] ==
       [("add", "box2", "127.0.0.1", b.sshd_port, ["root"]), ("add", "web9", "10.1.0.9", 22, ["root"])] and "--apply adds them" in r.stderr, "the plan", r)
    ok(set(names()) == {"box", "agent"}, "changes nothing", names())
    r = ctl("import", "ssh-config", config, "--known-hosts", known, "--label", "env=bench", "--apply")
    ok(r.returncode == 0 and "2 added" in r.stderr and set(names()) == {"box", "agent", "box2", "web9"}, "--apply does it", r)
    h = names()["box2"]
    ok(h["aliases"] == ["second"] and h["host_keys"] == [key] and not h["trust_first_key"] and h["labels"] == ["env=bench"], "with aliases, labels, and the key out of the hash", h)
    r = run("ssh", "-F", "/dev/null", "-i", b.key, "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
            "-o", "LogLevel=ERROR", "-p", str(b.port), "bench+second@127.0.0.1", "echo imported")
    ok(r.stdout == "imported\n", "what was imported is reached", r)
    r = ctl("import", "ssh-config", config, "--known-hosts", known, "--apply")
    ok(r.returncode == 0 and "0 added, 2 there already" in r.stderr and names()["box2"]["labels"] == ["env=bench"], "again: all are there, and stay as they are", r)
    r = ctl("import", "ssh-config", put("moved", "Host box2\nHostName 10.9.9.9\n"), "--apply", "--trust-first-key")
    ok(r.returncode == 0 and "differs" in r.stdout and names()["box2"]["address"] == "127.0.0.1", "one with another address is named and left alone", r)

    # All or nothing.
    before = set(names())
    good = "".join(f"Host h{i}\n\tHostName 10.2.0.{i}\n" for i in range(1, 30))
    r = ctl("import", "ssh-config", put("bad", good + "Host last\n\tPort x\n"), "--apply", "--trust-first-key")
    ok(r.returncode == 1 and "/bad:60:7: \"x\" is not a port" in r.stderr and set(names()) == before, "a mistake in the last line: its place, and nothing was done", r)
    r = ctl("import", "ssh-config", put("bad", good + "Host config\n\tHostName 10.2.0.99\n"), "--apply", "--trust-first-key")
    ok(r.returncode == 1 and "/bad:59:6: " in r.stderr and "a word that the bastion answers itself" in r.stderr and set(names()) == before,
       "what the gate would refuse is asked before anything is done", r)
    r = ctl("import", "ssh-config", put("nokey", "Host nokey\n"), "--apply")
    ok(r.returncode == 1 and "/nokey:1:6: nokey has no host key" in r.stderr and set(names()) == before, "a host whose key nobody knows is not let in quietly", r)
    r = ctl("import", "ssh-config", f"{b.dir}/none")
    ok(r.returncode == 1 and "none: cannot open: No such file" in r.stderr, "no file", r)
    r = ctl("import", "ssh-config", put("x", "Host a\n"), "--known-hosts", put("known_bad", "a ssh-ed25519 ???\n"))
    ok(r.returncode == 1 and "known_bad:1:3: not a public key" in r.stderr, "a bad known_hosts: its place", r)
    ok(ctl("import", "ssh-confg", "x").returncode == 2 and "did you mean \"ssh-config\"" in ctl("import", "ssh-confg", "x").stderr, "did you mean")

    complete = lambda *words, begun="": subprocess.run(["bash", "-c", 'source "$0"; COMP_WORDS=(fortress "$@"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _fortress; '
                                              'printf "%s\\n" "${COMPREPLY[@]}"', f"{top}/contrib/completion/bash/fortress", *words, begun], cwd=b.dir,
                                             env=dict(b.env, PATH=f"{build}:{os.environ['PATH']}"), capture_output=True, text=True).stdout.split()
    ok("import" in complete() and {"ssh-config", "ansible", "jumpserver-csv"} <= set(complete("import")), "completion knows the command", complete("import"))
    ok("ssh_config" in complete("import", "ssh-config") and "--apply" in complete("import", "ssh-config", begun="--") and "reset-factor" in complete("user"), "its options and files",
       complete("import", "ssh-config"))

    # Hundreds, quickly.
    inventory = put("hosts.ini", f"[many]\nm[001:400] ansible_host=127.0.0.1 ansible_port={b.sshd_port} ansible_user=root\n[prod:children]\nmany\n")
    r = ctl("import", "ansible", inventory, "--known-hosts", put("known2", f"[127.0.0.1]:{b.sshd_port} {key}\n"), "--label", "env=bench", "--apply")
    ok(r.returncode == 0 and "400 added" in r.stderr and names()["m123"]["labels"] == ["group=many", "group=prod", "env=bench"], "an inventory of 400 hosts", r.stderr)
    assets = io.StringIO(); w = csv.writer(assets)
    w.writerow(["名称", "地址", "协议组", "节点路径", "激活"]); w.writerow(["支付网关-01", "10.3.0.1", "ssh/22", "/默认/支付", "是"]); w.writerow(["old", "10.3.0.2", "ssh/22", "", "否"])
    r = ctl("import", "jumpserver-csv", "-", "--trust-first-key", "--apply", text=assets.getvalue())
    ok(r.returncode == 0 and names()["10.3.0.1"]["labels"] == ["title=支付网关-01", "node=/默认/支付"] and "old" not in names(), "assets of JumpServer, from standard input", r)
    b.ctl("audit", "export", "-o", f"{b.dir}/pack")
    ok(sum("root added host m" in l for l in open(f"{b.dir}/pack/events.jsonl")) == 400, "each host is on the record")

    # Back as the clients' configuration.
    direct = ["-F", "/dev/null", "-i", b.key, "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
              "-o", "LogLevel=ERROR", "-p", str(b.port), "bench@127.0.0.1"]
    said = lambda *words: run("ssh", *direct, *words).stdout
    own, own_known = f"{b.dir}/own", f"{b.dir}/own_known"
    lines = said("config", "--jump")
    put("own", lines + f"Host *\n\tIdentityFile {b.key}\n\tIdentitiesOnly yes\n\tStrictHostKeyChecking yes\n\tUserKnownHostsFile {own_known}\n")
    put("own_known", said("config", "--known-hosts"))
    ok(max(len(l) for l in lines.splitlines()) < 2000, "the lines stay short", max(len(l) for l in lines.splitlines()))
    for host in ("m001", "m400", "box2"):
        r = run("ssh", "-F", own, f"{host}.fx", f"echo {host}; id -un")
        ok(r.stdout == f"{host}\nroot\n" and r.stderr == "", f"ssh {host}.fx among 400, host keys checked", r)
    if not without(not shutil.which("ansible"), "Ansible with the printed inventory", "no ansible"):
        put("inventory", said("config", "--ansible"))
        env = dict(os.environ, ANSIBLE_HOST_KEY_CHECKING="False", ANSIBLE_SSH_ARGS=f"-F /dev/null -i {b.key} -o IdentitiesOnly=yes -o UserKnownHostsFile=/dev/null",
                   HOME=b.dir, ANSIBLE_LOCAL_TEMP=f"{b.dir}/tmp")
        r = run("ansible", "-i", f"{b.dir}/inventory", "m001:m002:box2", "-m", "ping", "-e", "ansible_python_interpreter=/usr/bin/python3", env=env)
        ok(r.stdout.count('"ping": "pong"') == 3, "Ansible with the printed inventory", r)
    if not without(not shutil.which("plink"), "plink with the line for PuTTY", "no plink"):
        line = next(l for l in said("config", "--putty").splitlines() if "+m007@" in l)
        b.run("puttygen", b.key, "-o", f"{b.dir}/id.ppk", "-O", "private")
        shown = b.run("ssh-keygen", "-lf", f"{b.dir}/state/keys/host_ed25519.pub").split()[1]
        r = run("plink", "-batch", "-hostkey", shown, "-i", f"{b.dir}/id.ppk", *line.split()[1:], "echo plinked; exit 5")
        ok(line.startswith("putty -ssh ") and r.stdout == "plinked\n" and r.returncode == 5, "plink with the line for PuTTY", line, r)
finally:
    b.stop()
end()
