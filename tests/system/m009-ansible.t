#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""Ansible as it comes: ping, copy and template, pipelined and not, to an sshd and an agent; with FORTRESS_LONG 50 hosts in 50 forks."""
import hashlib, os, re, sys

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from clients import Clients, ok, need, end, run, skip

need("ssh", "ansible", "ansible-playbook")
long = os.environ.get("FORTRESS_LONG") is not None
b = Clients(build)
def inventory(names):
    """Each name is a host of the directory; in jumps ansible knows nothing of the bastion but a ProxyJump."""
    with open(f"{b.dir}/inventory", "w") as f:
        for n in names: f.write(f"{n} ansible_host=127.0.0.1 ansible_port={b.port} ansible_user=bench+root+{n}\n")
        f.write("jumped ansible_host=box.fx ansible_user=root\n" if "box" in names else "")
        f.write("[all:vars]\nansible_python_interpreter=/usr/bin/python3\n")
env = dict(os.environ, HOME=b.dir, ANSIBLE_CONFIG=f"{b.dir}/ansible.cfg", ANSIBLE_LOCAL_TEMP=f"{b.dir}/lt", ANSIBLE_REMOTE_TEMP=f"{b.dir}/rt", ANSIBLE_INVENTORY=f"{b.dir}/inventory", ANSIBLE_NOCOLOR="1",
           ANSIBLE_SSH_CONTROL_PATH_DIR=f"{b.dir}/cp", ANSIBLE_SSH_ARGS=f"-F {b.config} -o ControlMaster=auto -o ControlPersist=120s", LC_ALL="C.UTF-8")
def ansible(*words, pipelining=False, timeout=120):
    r = run(*words, env=dict(env, ANSIBLE_PIPELINING=str(pipelining)), cwd=b.dir, timeout=timeout)
    recap = re.findall(r"^(\S+)\s+: ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", r.stdout.decode(), re.M)
    return r, {name: tuple(map(int, rest)) for name, *rest in recap}
def hang_up():
    """Masters of ControlPersist are ended, each by its own socket."""
    for s in os.listdir(f"{b.dir}/cp") if os.path.isdir(f"{b.dir}/cp") else ():
        run("ssh", "-F", b.config, "-o", f"ControlPath={b.dir}/cp/{s}", "-O", "exit", "x")

def holds(path, content, mode=None):
    return os.path.exists(path) and open(path, "rb").read() == content and (mode is None or os.stat(path).st_mode & 0o777 == mode)

open(f"{b.dir}/ansible.cfg", "w").write("[defaults]\n"); play = f"{b.dir}/play.yml"
open(f"{b.dir}/tpl.j2", "w").write("{{ inventory_hostname }} 你好 {{ 6 * 7 }}\n")
data = os.urandom(1_000_000); open(f"{b.dir}/data", "wb").write(data)
open(play, "w").write(f"""- hosts: all
  gather_facts: false
  tasks:
  - ping:
  - copy: src={b.dir}/data dest={b.dir}/out-{{{{ inventory_hostname }}}} mode=0640
  - template: src={b.dir}/tpl.j2 dest={b.dir}/tpl-{{{{ inventory_hostname }}}}
  - command: sh -c 'echo out; echo err >&2; exit 3'
    register: c
    failed_when: c.rc != 3
  - assert: that=['c.stdout=="out"','c.stderr=="err"']
  - shell: kill -TERM $$
    ignore_errors: true
""")
try:
    for pipelining in (False, True):
        names = ["box", "agent"]; inventory(names); names.append("jumped"); what = "pipelined" if pipelining else "not pipelined"
        for n in names:
            for f in (f"out-{n}", f"tpl-{n}"):
                if os.path.exists(f"{b.dir}/{f}"): os.unlink(f"{b.dir}/{f}")
        b.mark()
        r, stats = ansible("ansible-playbook", "-f", "5", play, pipelining=pipelining)
        ok(r.returncode == 0 and stats == {n: (6, 4, 0, 0) for n in names}, f"{what}: a play on three hosts; a command's output, stderr and status", r.stdout[-1500:], r.stderr)
        ok(all(holds(f"{b.dir}/out-{n}", data, 0o640) and holds(f"{b.dir}/tpl-{n}", f"{n} 你好 42\n".encode()) for n in names), f"{what}: what it copied and wrote is there")
        hang_up()
        rows = b.rows(15); kinds = {r["channel"] for r in rows}
        ok("exec" in kinds and {r["host"] for r in rows} == {"box", "agent"} and all(r["state"] == "closed" for r in rows), f"{what}: all its sessions are rows", len(rows), kinds)
        puts = {x["sha256"] for x in b.audit(1001, 1, op="put", tool="sftp")}
        ok(hashlib.sha256(data).hexdigest() in puts, f"{what}: the file it copied is on the record with its hash", puts)
        ok(len([e for e in b.audit(3002) if "logged in by" in e["text"]]) == 3, f"{what}: one login a host", b.audit(3002))
    r = run("ansible", "-m", "ping", "all", env=env, cwd=b.dir)
    ok(r.returncode == 0 and r.stdout.count(b'"pong"') == 3, "ansible -m ping", r)
    hang_up()
    # All hosts behind one connection to the bastion: the run is one login, and one connection of the record.
    shared = f"{b.dir}/shared"
    open(shared, "w").write(f"Host bastion\n\tControlMaster auto\n\tControlPath {b.dir}/cp/door\n\tControlPersist 60\n" + open(b.config).read()); os.makedirs(f"{b.dir}/cp", exist_ok=True)
    open(f"{b.dir}/one", "w").write("box ansible_host=box.fx\nagent ansible_host=agent.fx\n[all:vars]\nansible_user=root\nansible_python_interpreter=/usr/bin/python3\n")
    b.mark(); run("ssh", "-F", shared, "bastion", "help")
    r = run("ansible", "-i", f"{b.dir}/one", "-m", "ping", "all", env=dict(env, ANSIBLE_SSH_ARGS=f"-F {shared} -o ControlMaster=auto -o ControlPersist=120s"), cwd=b.dir)
    hang_up(); rows = b.rows(4)
    ok(r.returncode == 0 and r.stdout.count(b'"pong"') == 2 and len({x["connection"] for x in rows}) == 1 and {x["host"] for x in rows} == {"box", "agent"} and len(b.audit(3002)) == 1,
       "a run behind one shared jump is one connection on the record, and one login", r, [(x["connection"], x["host"]) for x in rows], b.audit(3002))
    open(f"{b.dir}/printed", "wb").write(b.on("bastion", "config --ansible").stdout + b"[fortress:vars]\nansible_python_interpreter=/usr/bin/python3\n")
    r = run("ansible", "-i", f"{b.dir}/printed", "-m", "ping", "fortress", env=env, cwd=b.dir)
    ok(r.returncode == 0 and all(f"{n} | SUCCESS".encode() in r.stdout for n in ("box", "agent")), "the inventory that the bastion prints", r, open(f"{b.dir}/printed").read())
    hang_up()
    if not long: skip("50 hosts in 50 forks", "only with FORTRESS_LONG")
    else:
        names = [f"h{i}" for i in range(50)]; inventory(names)
        for n in names: b.ctl("host", "add", n, "127.0.0.1", "--port", str(b.sshd_port), "--login", "root", "--label", "env=bench", "--hostkey", f"{b.dir}/hk.pub")
        for pipelining in (False, True):
            b.mark()
            r, stats = ansible("ansible-playbook", "-f", "50", play, pipelining=pipelining, timeout=600)
            ok(r.returncode == 0 and stats == {n: (6, 2 if pipelining else 4, 0, 0) for n in names}, f"50 hosts in 50 forks, pipelining {pipelining}", r.stdout[-1500:], r.stderr)
            hang_up()
            ok({x["host"] for x in b.rows(250)} == set(names), "each host has its rows")
finally:
    hang_up(); b.stop()
end()
