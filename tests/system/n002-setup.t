#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""fortress setup and contrib/quickstart: made once, kept afterwards; ports, users and former lives; what they may not touch."""
import os, pwd, re, shutil, signal, socket, stat, subprocess, sys, tempfile

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
import tap
from tap import ok
from bastion import port, under
from terminal import on_pty, until

if os.geteuid() != 0: tap.skip("needs root, to make accounts")
dir = tempfile.mkdtemp(prefix="fortress-n"); os.chmod(dir, 0o755)
state, quick = f"{dir}/a state", f"{top}/contrib/quickstart"
env = {k: v for k, v in os.environ.items() if not k.startswith("FORTRESS_")}
env.update(FORTRESS_BUILD=build, FORTRESS_LIBEXEC=build, PATH=f"{build}:{env['PATH']}", HOME=dir)
shells = []

def run(*argv, **kw):
    return subprocess.run(argv, capture_output=True, text=True, env=env, timeout=120, stdin=subprocess.DEVNULL, **kw)
def fortress(*args): return run("fortress", "--state", state, *args)
def read(path): return open(f"{state}/{path}").read()
def alive(pid):
    try: return open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError: return False
def pid(name): return int(read(f"run/{name}.pid"))
def mode(path): return stat.S_IMODE(os.stat(f"{state}/{path}").st_mode)
def on_terminal(*argv):
    child, fd = on_pty(argv, env)
    shells.append(child)
    out = ""
    while "Stop it:" not in out: out += os.read(fd, 4096).decode("utf-8", "replace")
    return child, fd

try:
    # --- setup ---
    p, q = port(), port()
    r = fortress("setup", "--user", "alice", "--port", str(p))
    ok(r.returncode == 0 and "enroll alice" in r.stdout, "setup makes a state and says what comes next", r.stdout, r.stderr)
    ok((mode("."), mode("keys"), mode("run"), mode("log"), mode("keys/host_ed25519"), mode("policy.conf")) ==
       (0o711, 0o700, 0o711, 0o700, 0o600, 0o644), "with the right modes")
    r = fortress("serve", "-t"); ok(r.returncode == 0, "which serve -t calls good", r.stderr)
    r = fortress("policy", "explain", "--groups", "ops", "--labels", "env=x", "bob", "shell", "web1")
    ok(r.returncode == 0, "its policy lets the group work", r.stdout, r.stderr)
    r = fortress("policy", "explain", "--groups", "", "--labels", "env=x", "bob", "shell", "web1")
    ok(r.returncode == 1, "and nobody else", r.stdout)
    for to, code in (("169.254.169.254:80", 1), ("[::ffff:169.254.169.254]:80", 1), ("[fe80::1]:80", 1), ("2852039166:80", 1), ("localhost:80", 0), ("10.0.0.1:80", 0)):
        r = fortress("policy", "explain", "--groups", "ops", "--labels", "env=x", "--to", to, "bob", "forward", "web1")
        ok(r.returncode == code, f"and be forwarded to {to}: {'no' if code else 'yes'}", r.stdout)
    open(f"{dir}/all.policy", "w").write(re.sub(r"^#(?=\w)", "", read("policy.conf"), flags=re.M))
    r = fortress("policy", "check", f"{dir}/all.policy")
    ok(r.returncode == 0 and int(re.search(r"(\d+) rules", r.stdout)[1]) >= 3, "and its examples are good policy", r.stdout, r.stderr)
    open(f"{dir}/all.conf", "w").write(re.sub(r"^#(?=\w)", "", read("fortress.conf"), flags=re.M).replace("/mnt/elsewhere", dir))
    r = fortress("serve", "-f", f"{dir}/all.conf", "-t"); ok(r.returncode == 0, "as are the configuration's", r.stderr)
    keys = read("keys/host_ed25519")
    os.chmod(f"{state}/keys/host_rsa", 0o644); os.chmod(state, 0o755)
    r = fortress("--json", "setup")
    ok(r.returncode == 0 and read("keys/host_ed25519") == keys and mode("keys/host_rsa") == 0o600 and mode(".") == 0o711,
       "again: what is there is kept, and modes are mended", r.stdout)
    r = fortress("setup", "--port", str(q))
    ok(r.returncode == 0 and f"127.0.0.1:{q}" in read("fortress.conf"), "a configuration as it was made gets another port", r.stderr)
    with open(f"{state}/fortress.conf", "a") as f: f.write("MaxAuthTries 3\n")
    r = fortress("setup", "--port", str(p))
    ok(r.returncode == 1 and "change its ListenAddress" in r.stderr and f":{q}" in read("fortress.conf"),
       "but not one that somebody has changed", r.stderr)
    for args, part in ((("--port", "0"), "1 to 65535"), (("--port", "99999"), "1 to 65535"), (("--user", "a b"), "not a name"),
                       (("--listen", "everywhere"), "not an IP address"), (("x",), "x: not understood")):
        r = fortress("setup", *args); ok(r.returncode == 2 and part in r.stderr, f"refused: {' '.join(args)}", r.stderr)
    os.makedirs(f"{dir}/other/things")
    r = run("fortress", "--state", f"{dir}/other", "setup")
    ok(r.returncode == 1 and "no bastion's state" in r.stderr and stat.S_IMODE(os.stat(f"{dir}/other").st_mode) == 0o755,
       "a directory of something else is left alone", r.stderr)
    shutil.rmtree(state)

    # --- quickstart: ports ---
    for bad in ("0", "99999", "x"):
        r = run(quick, "--state", state, "--port", bad); ok(r.returncode == 1 and "1 to 65535" in r.stderr, f"--port {bad}", r.stderr)
    taken = socket.socket(); taken.bind(("127.0.0.1", 0)); taken.listen(); busy = taken.getsockname()[1]
    r = run(quick, "--state", state, "--port", str(busy), "--user", "alice", "--background")
    ok(r.returncode == 1 and "in use" in r.stderr and "--port" in r.stderr and "ssh -p" not in r.stdout, "a busy port is said", r.stderr)
    r = run(quick, "--state", state, "--port", str(p), "--user", "alice", "--background")
    ok(r.returncode == 0 and f"ssh -p {p} alice+" in r.stdout, "and another is taken", r.stdout, r.stderr)
    ok(max(map(len, r.stdout.splitlines())) <= 80 or dir in max(r.stdout.splitlines(), key=len), "no line is wider than a terminal",
       [l for l in r.stdout.splitlines() if len(l) > 80])
    r = run("sh", "-c", f". '{state}/env'; fortress status")
    ok(r.returncode == 0, "the line with the environment works with blanks in the path", r.stderr)
    r = run(quick, "--state", state, "--background")
    ok(r.returncode == 1 and "runs on" in r.stderr, "a second one is refused", r.stderr)

    # --- former lives: their processes may live on for a while, as long as the disk needs for what a store still has ---
    monitor, agent = pid("fortress"), pid("agent-demo")
    store = next(p for p in under(monitor) if open(f"/proc/{p}/cmdline").read().startswith("store"))
    os.kill(store, signal.SIGSTOP); os.kill(monitor, signal.SIGKILL); until(lambda: not alive(monitor))
    again = subprocess.Popen([quick, "--state", state, "--port", str(p), "--user", "bob", "--background"], env=env, text=True,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try: waits = until(lambda: "waits for another store" in read("log/fortress.log"))
    finally: os.kill(store, signal.SIGCONT)
    out, err = again.communicate(timeout=120)
    ok(waits and again.returncode == 0 and not alive(agent), "after kill -9 of the bastion it starts again as soon as its store has ended", out, err)
    ok(f"ssh -p {p} bob+" in out and "may not" not in out and
       fortress("policy", "explain", "bob", "shell", "demo").returncode == 0, "for another user, who may work there", out)
    monitor, agent = pid("fortress"), pid("agent-demo")
    r = run(quick, "--state", state, "--stop")
    ok(r.returncode == 0 and "stopped" in r.stdout and not alive(monitor) and not alive(agent), "--stop ends both", r.stdout)
    stranger = subprocess.Popen(["sleep", "60"]); shells.append(stranger.pid)
    for name in ("fortress", "agent-demo"): open(f"{state}/run/{name}.pid", "w").write(f"{stranger.pid}\n")
    r = run(quick, "--state", state, "--stop")
    ok(r.returncode == 0 and "nothing runs" in r.stdout and stranger.poll() is None, "a stranger with the number of a former life lives on", r.stdout)
    r = run(quick, "--state", state, "--user", "carol", "--background")
    ok(r.returncode == 0 and f"ssh -p {p} carol+" in r.stdout, "without --port the state's port is printed", r.stdout, r.stderr)
    ok(stranger.poll() is None, "and the stranger still lives")
    run(quick, "--state", state, "--stop")

    # --- in the foreground ---
    for name, how in (("Ctrl-C", lambda fd: os.write(fd, b"\x03")), ("closing the terminal", os.close)):
        shell, fd = on_terminal(quick, "--state", state, "--user", "alice")
        monitor, agent = pid("fortress"), pid("agent-demo")
        how(fd)
        ok(until(lambda: not alive(monitor) and not alive(agent) and not alive(shell)), f"{name} ends bastion and agent")
        os.waitpid(shell, 0); shells.remove(shell)
        if name == "Ctrl-C": os.close(fd)
    stranger.kill(); stranger.wait(); shells.remove(stranger.pid)
    shell, fd = on_terminal(quick, "--state", state, "--user", "alice")
    out = b""
    os.kill(pid("fortress"), signal.SIGKILL)
    while b"has ended" not in out:
        try: out += os.read(fd, 4096)
        except OSError: break
    status = os.waitpid(shell, 0)[1]; shells.remove(shell); os.close(fd)
    ok(os.waitstatus_to_exitcode(status) == 1 and b"fortress.log" in out, "a bastion that ends by itself: it says so, and where to look", out, status)

    # --- a machine without a key to offer: whoever runs it gets one, whatever the bastion's user is called ---
    home, stubs = f"{dir}/home", f"{dir}/stubs"; os.makedirs(home); os.makedirs(stubs)
    me = run("id", "-un").stdout.strip()
    open(f"{stubs}/getent", "w").write(f'#!/bin/sh\n[ "$2" = {me} ] || exit 2\necho "$2:x:0:0::{home}:/bin/sh"\n'); os.chmod(f"{stubs}/getent", 0o755)
    for name in ("SSH_AUTH_SOCK", "SUDO_USER"): env.pop(name, None)
    env.update(HOME=home, PATH=f"{stubs}:{env['PATH']}")
    r = run(quick, "--state", state, "--user", "dora", "--background")
    ok("ssh-keygen -R" not in r.stdout, "whom ssh does not know yet nothing is said of", r.stdout)
    ok("made a key for you" in r.stdout and os.path.exists(f"{home}/.ssh/id_ed25519"), "a key is made for who has none, with --user too", r.stdout, r.stderr)
    run(quick, "--state", state, "--stop")
    open(f"{home}/.ssh/known_hosts", "w").write(f"[127.0.0.1]:{p} " + read("keys/host_ed25519.pub"))
    r = run(quick, "--state", state, "--user", "dora", "--background"); run(quick, "--state", state, "--stop")
    ok("ssh-keygen -R" not in r.stdout, "nor of whom it knows", r.stdout)
    open(f"{home}/.ssh/known_hosts", "w").write(f"[127.0.0.1]:{p} " + open(f"{home}/.ssh/id_ed25519.pub").read())
    r = run(quick, "--state", state, "--user", "dora", "--background"); run(quick, "--state", state, "--stop")
    ok(f"ssh-keygen -R '[127.0.0.1]:{p}'" in r.stdout, "that it knows another one on this port is said, and what to do", r.stdout)
    # Under sudo it is for who called that, and belongs to them.
    who = pwd.getpwnam("_fortress-demo"); home = f"{dir}/theirs"; os.makedirs(home); os.chown(home, who.pw_uid, who.pw_gid)
    open(f"{stubs}/getent", "w").write(f'#!/bin/sh\n[ "$2" = {who.pw_name} ] || exit 2\necho "$2:x:0:0::{home}:/bin/sh"\n')
    env.update(SUDO_USER=who.pw_name)
    r = run(quick, "--state", state, "--background")
    made = [f"{home}/.ssh", f"{home}/.ssh/id_ed25519"]
    ok(r.returncode == 0 and f" {who.pw_name}+e-" in r.stdout and all(os.path.exists(f) and os.stat(f).st_uid == who.pw_uid for f in made),
       "sudo quickstart: who called it has a line, and a key of their own", r.stdout, r.stderr)
    del env["SUDO_USER"]; run(quick, "--state", state, "--stop")
finally:
    run(quick, "--state", state, "--stop")
    for s in shells:
        try: os.kill(s, signal.SIGKILL)
        except OSError: pass
    shutil.rmtree(dir, ignore_errors=True)
tap.end()
