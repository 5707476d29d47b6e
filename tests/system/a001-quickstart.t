#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""contrib/quickstart as a new user meets it: the printed line, the picker, a shell, a command, replay, the audit."""
import json, os, re, shutil, subprocess, sys, tempfile

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from bastion import port, talk, under
from tap import end, ok

dir = tempfile.mkdtemp(prefix="fortress-a-"); os.chmod(dir, 0o755)
state, p = f"{dir}/state", port()
user = subprocess.run(["id", "-un"], capture_output=True, text=True).stdout.strip()
env = dict(os.environ, FORTRESS_BUILD=build)
agent = subprocess.run(["ssh-agent", "-s", "-a", f"{dir}/agent"], capture_output=True, text=True).stdout
agent_pid = int(re.search(r"SSH_AGENT_PID=(\d+)", agent).group(1))
env["SSH_AUTH_SOCK"] = f"{dir}/agent"
known = f"[127.0.0.1]:{p}"

def run(*argv, **kw):
    return subprocess.run(argv, capture_output=True, text=True, env=env, timeout=60, stdin=subprocess.DEVNULL, **kw)

def gone(pid):
    """Ended, though init may not have taken note yet."""
    try: return open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError: return True
def status(pid):
    """What the kernel says of a process; one that has ended meanwhile (the connection that Esc left): nothing."""
    try: return dict(re.findall(r"^(\w+):\s+(\S+)", open(f"/proc/{pid}/status").read(), re.M))
    except OSError: return {}

try:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{dir}/key"], check=True)
    subprocess.run(["ssh-add", "-q", f"{dir}/key"], env=env, check=True)
    out = run(f"{top}/contrib/quickstart", "--state", state, "--port", str(p), "--background")
    line = re.search(r"^\s+(ssh -p \d+ \S+@127\.0\.0\.1)$", out.stdout, re.M)
    ok(out.returncode == 0 and line, "quickstart prints one line to connect with", out.stdout, out.stderr)
    print_ = re.search(r"SHA256:\S+", out.stdout)
    env.update(FORTRESS_STATE=state, FORTRESS_LIBEXEC=build, PATH=f"{build}:{os.environ['PATH']}", TERM="xterm-256color")
    if not line: raise SystemExit

    text, rc = talk(line.group(1).split(), [
        ("(yes/no", "yes\n"), ("demo", "\r"), ("$ ", "echo marker-$((40+2)); exit 3\n"), ("exit status 3", "\x1b")], env=env)
    ok(print_ and print_.group(0) in text, "ssh shows the fingerprint that was printed", text)
    ok("fortress" in text and "demo" in text, "the picker shows the first host", text)
    ok(f"your key is bound to {user} now" in text, "and says that the code has done its work", text)
    ok("marker-42" in text, "Enter gives a shell on it", text)
    ok("demo: closed, exit status 3" in text, "after it the picker again, with one line about it", text)
    ok(rc == 0, "Esc leaves", rc)

    # As root or not.
    monitor = int(open(f"{state}/run/fortress.pid").read())
    held = [s for s in map(status, under(monitor)) if s]
    ok(len(held) >= 3 and all((s["Seccomp"], s["NoNewPrivs"]) == ("2", "1") for s in held), "every process but the monitor is held to its own calls", held)
    ok(("one account for every process" in out.stdout) == (os.geteuid() != 0), "without root it says so")

    ssh = line.group(1).split()[:-1]
    r = run(*ssh, f"{user}+demo@127.0.0.1", "echo hi; echo no >&2; exit 7")
    ok(r.stdout == "hi\n" and r.returncode == 7, "a command prints hi and exits 7", r.stdout, r.stderr, r.returncode)
    ok(r.stderr == "no\n", "its stderr is apart", r.stderr)
    said = open(f"{state}/log/agent-demo.log").read()
    ok("listening: " in said, "the agent's log has what it says once it is in the background", said)
    r = run(*line.group(1).split()[:-1], "-o", "BatchMode=yes", "-o", "IdentityAgent=none", "-o", "IdentityFile=/proc/none",
            line.group(1).split()[-1])
    ok(r.returncode == 255, "the code works once")

    rows = json.loads(run("fortress", "--json", "session", "ls").stdout)
    ok(len(rows) == 2 and all(re.fullmatch(r"[0-9A-Z]{26}", s["id"]) for s in rows), "both sessions are listed with an id", rows)
    byte_id = next(s["id"] for s in rows if s["channel"] == "exec")
    shell_id = next(s["id"] for s in rows if s["channel"] == "shell")
    raw = subprocess.run(["fortress", "session", "print", byte_id, "--raw"], env=env, stdin=subprocess.DEVNULL, capture_output=True).stdout
    ok(b"hi\n" in raw, "what was shown is in the record", raw)
    text, rc = talk(["fortress", "replay", shell_id], [("? help", "G"), ("logout", "/"), ("/", "marker-42\n"), ("paused", "q")], env=env)
    ok(rc == 0 and "marker-42" in text and "not found" not in text, "replay shows it and finds it", text)

    r = run("fortress", "audit", "export", "-o", f"{dir}/pack")
    ok(r.returncode == 0, "the audit is exported", r.stderr)
    r = run("fortress", "audit", "verify", f"{dir}/pack")
    ok(r.returncode == 0, "and verified", r.stdout, r.stderr)
    frames = f"{dir}/pack/recordings/{byte_id}.frames"
    os.chmod(frames, 0o600); data = bytearray(open(frames, "rb").read()); data[-1] ^= 1; open(frames, "wb").write(data)
    r = run("fortress", "audit", "verify", f"{dir}/pack")
    ok(r.returncode != 0 and byte_id in r.stdout + r.stderr, "a flipped byte is named", r.stdout, r.stderr)

    pid = int(open(f"{state}/run/fortress.pid").read())
    r = run(f"{top}/contrib/quickstart", "--state", state, "--stop")
    ok(r.returncode == 0 and gone(pid), "--stop ends it", r.stderr)
finally:
    subprocess.run([f"{top}/contrib/quickstart", "--state", state, "--stop"], env=env, capture_output=True)
    os.kill(agent_pid, 15)
    subprocess.run(["ssh-keygen", "-R", known], capture_output=True)
    shutil.rmtree(dir, ignore_errors=True)
end()
