#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""What a permit limits is limited: its time at every door, idleness, what programs behind a staragent may take of the host, and
which program it is, by its digest; whatever somebody on the host, a client or a bastion turned hostile does about it."""
import hashlib, json, os, pwd, shutil, signal, socket, subprocess, sys, tempfile, threading, time

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")

from tap import ok, without, needs_bastion, end
needs_bastion()
from bastion import Bastion, port, take, talk
import terminal
from wire import *
from served import Served

d = tempfile.mkdtemp(prefix="fortress-"); os.chmod(d, 0o755)
def program(name, of): shutil.copy(shutil.which(of), f"{d}/{name}"); os.chmod(f"{d}/{name}", 0o755); return f"{d}/{name}"
def digest(path): return hashlib.sha256(open(path, "rb").read()).hexdigest()
tool, other, open_, script = program("tool", "printf"), program("other", "printf"), program("open", "printf"), f"{d}/script"
open(script, "w").write("#!/bin/sh\necho ran\n"); os.chmod(script, 0o755); os.chmod(open_, 0o775)
evil = program("evil", "id"); os.symlink(tool, f"{d}/link")
def owned(account):
    """Processes of an account."""
    found, uid = [], pwd.getpwnam(account).pw_uid
    for p in filter(str.isdigit, os.listdir("/proc")):
        try: found += [int(p)] if os.stat(f"/proc/{p}").st_uid == uid else []
        except OSError: pass
    return found
little = next(n for n in ("games", "news", "uucp", "nobody") if not owned(n) and take(f"account-{n}"))
python = os.path.realpath(sys.executable)
wrong = "0" * 64
SLEEP, YES, LONG = f"/bin/sleep 61.{os.getpid()}", f"yes {os.getpid()}", 30    # of this test alone

POLICY = f"""command tool sha256 {digest(tool)} {{ {tool} ** ; {d}/link ** ; {d}/served/tool ** }}
command two sha256 {digest(evil)} {{ {tool} ** }}
command wrong sha256 {wrong} {{ {other} ** ; /usr/bin/nothing-there }}
command open sha256 {digest(open_)} {{ {open_} ** }}
command script sha256 {digest(script)} {{ {script} }}
permit bench exec on env=digest as root cmd tool id tool
permit bench exec on env=digest as root cmd two id two
permit bench exec on env=digest as root cmd wrong id wrong
permit bench exec on env=digest as root cmd open id open
permit bench exec on env=digest as root cmd script id script
permit bench exec on env=mem as root cmd {{ {python} -c ** }} options {{ mem 300M }} id mem
permit bench exec on env=small as root options {{ nofile 40; fsize 64K; cpu 1s }} id small
permit bench put on env=small as root options {{ fsize 64K }} id small-put
permit bench exec on env=procs as root,{little} cmd {{ {python} -c ** ; /bin/sh -c ** }} options {{ procs 12; nofile 64 }} id procs
permit bench shell,exec,get,forward,jump on env=time as root options {{ timeout 2s }} id quick
permit bench shell,exec,get,forward on env=idle as root options {{ idle 2s }} id lazy
permit bench put on env=idle as root options {{ idle 1h }} id slow
permit bench shell,exec on env=bench as root id free
role dba {{ bench, :dba }}   hosts proddb {{ env=prod & tier=db }}   time office Mon-Sun 00:00-24:00 Asia/Shanghai
command pgro {{ /usr/bin/psql -XAt -c "select pg_is_in_recovery()" ; /usr/bin/id -u }}
permit role dba exec on proddb as root cmd pgro when office options {{ timeout 10s; mem 64M }} id dba-ro
"""
b = Bastion(build, "KernelAudit off\n", POLICY)

def argv(host, *more):
    a = b.ssh("fortress", *more); a[-1] = f"bench+{host}@127.0.0.1"; return a
def sftp_argv(host, *more): return ["sftp", *more, *("-P" if x == "-p" else x for x in argv(host)[1:])]
def run(host, *command, more=(), **kw):
    kw.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run(argv(host, *more) + list(command), capture_output=True, timeout=LONG, **kw)
def explain(*words): return subprocess.run([f"{build}/fortress", "policy", "explain", *words], env=b.env, capture_output=True, text=True).stdout
def until(what, seconds=LONG): return terminal.until(what, seconds)
def commands():
    """{pid: its words} of this machine: what outlives its bastion has no parent that one could go by."""
    found = {}
    for p in filter(str.isdigit, os.listdir("/proc")):
        try: found[int(p)] = open(f"/proc/{p}/cmdline").read().rstrip("\0").replace("\0", " ")
        except OSError: pass
    return found
def running(text): return [p for p, words in commands().items() if text in words]
def runs(text): return [p for p, words in commands().items() if text == words]
def denied(r, *words): return r.returncode == 255 and all(w in r.stderr.decode() for w in words)

try:
    sock, hk = f"{b.dir}/limits.sock", f"{b.dir}/limits_hk"
    pin = b.run(f"{build}/staragent", "--host-key", hk, "--print-host-key").strip()
    b.procs.append(subprocess.Popen([f"{build}/staragent", "--listen", f"unix:{sock}", "--host-key", hk, "--authorized", f"{b.dir}/state/keys/target_ed25519.pub",
                                     "--login", "root", "--login", little], stdin=subprocess.DEVNULL, stdout=b.log, stderr=b.log))
    b.wait(lambda: os.path.exists(sock))
    for host in ("digest", "mem", "small", "procs", "time", "idle"):
        b.ctl("host", "add", host, f"unix:{sock}", "--agent", "--login", "root", *(("--login", little) if host == "procs" else ()), "--label", f"env={host}", "--hostkey", pin)
    b.ctl("host", "add", "dba", f"unix:{sock}", "--agent", "--login", "root", "--label", "env=prod", "--label", "tier=db", "--hostkey", pin)
    for host in ("digest", "mem", "time", "idle"):
        b.ctl("host", "add", f"{host}-sshd", "127.0.0.1", "--port", str(b.sshd_port), "--login", "root", "--label", f"env={host}", "--hostkey", f"{b.dir}/hk.pub")

    # --- the program, by its digest ---
    r = run("digest", f"{tool} '%s %s' one 'two  three'")
    ok((r.returncode, r.stdout) == (0, b"one two  three"), "a program with one of the digests that are named runs", r)
    e = [x for x in b.events() if "\"rule\":\"tool\"" in json.dumps(x).replace(" ", "").replace("\\", "")]
    ok(any(digest(tool) in json.dumps(x) and digest(evil) in json.dumps(x) for x in e), "the record says which were demanded", e[-1:])
    r = run("digest-sshd", f"{tool} hi")
    ok(denied(r, "[denied]", "only a staragent can check the program's digest, and none serves this host"), "behind a plain sshd that permit is none", r)
    ok("must have the SHA-256" in explain("bench", "exec", "digest", "--", tool, "x") and "only a staragent" in explain("bench", "exec", "digest-sshd", "--", tool, "x"),
       "explain says both", explain("bench", "exec", "digest", "--", tool, "x"))
    r = run("digest", f"{other} hi")
    ok(denied(r, f"{other} has the SHA-256 {digest(other)}, which the policy does not name", "[digest]") and r.stdout == b"" and len(r.stderr.splitlines()) == 1, "another program is not run, and its user has one line", r)
    e = [x for x in b.events() if "which the policy does not name" in json.dumps(x)]
    ok(len(e) >= 1 and "rule wrong" in json.dumps(e), "nor is that kept from the record", e)
    ok(until(lambda: "which the policy does not name" in str(b.sessions()[0]["reason"])), "as the session's end", b.sessions()[0])
    r = run("digest", script)
    ok(denied(r, "is a script", "[digest]") and b"ran" not in r.stdout, "a script is not run, whatever its digest", r)
    r = run("digest", f"{open_} hi")
    ok(denied(r, "can be written by others than root", "[digest]"), "nor what a group may write", r)
    os.chmod(open_, 0o755); os.chown(open_, pwd.getpwnam("nobody").pw_uid, 0)
    ok(denied(run("digest", f"{open_} hi"), "can be written by others than root"), "or what is not root's")
    os.chown(open_, 0, 0)
    ok(run("digest", f"{open_} hi").stdout == b"hi", "until it is")
    os.mkdir(f"{d}/served")
    try: served = Served(f"{d}/served", "tool", tool)
    except OSError: without(True, "nor what a program serves (FUSE)", "no FUSE here")
    else:
        r = run("digest", f"{d}/served/tool hi"); served.stop()
        ok(denied(r, "can be written by others than root", "[digest]") and r.stdout == b"", "nor what a program serves (FUSE), who may say that it is root's and change it after it was read", r)
    r = run("digest", "/usr/bin/nothing-there")
    ok(denied(r, "/usr/bin/nothing-there cannot be read to see its digest: No such file or directory", "[digest]"), "a program that is not there", r)
    r = run("digest", f"{tool} hi", more=("-tt",))
    ok(r.returncode == 0 and b"hi" in r.stdout, "on a terminal", r)
    r = run("digest", f"{other} hi", more=("-tt",))
    ok(r.returncode == 255 and b"[digest]" in r.stdout + r.stderr, "and not on a terminal", r)
    shutil.copy(evil, f"{d}/new"); os.chmod(f"{d}/new", 0o755); os.rename(f"{d}/new", f"{d}/tool-next")
    os.rename(f"{d}/tool-next", other); ok(denied(run("digest", f"{other} hi"), digest(evil)), "the file that is there now is what is looked at")

    # Whoever swaps a link while it is looked at runs nothing else: the file that was read is what is executed.
    stop = threading.Event()
    def swap():
        i = 0
        while not stop.is_set():
            os.symlink((tool, shutil.which("id"))[i % 2], f"{d}/swap"); os.rename(f"{d}/swap", f"{d}/link"); i += 1
    t = threading.Thread(target=swap); t.start()
    seen = [run("digest", f"{d}/link -n") if i % 2 else run("digest", f"{d}/link good") for i in range(24)]
    stop.set(); t.join()
    ok(all(b"uid=" not in x.stdout and b"0\n" != x.stdout for x in seen), "a link that is led elsewhere all the time leads to nothing else", [x.stdout for x in seen])
    ok(any(b"[digest]" in x.stderr for x in seen) and any(b"good" == x.stdout for x in seen), "though it was met both ways", [(x.stdout, x.stderr) for x in seen][:4])

    # --- what a program may take ---
    big = "import sys; x = bytearray(%d << 20); print(1)"
    r = run("mem", f"{python} -c '{big % 50}'"); ok(r.stdout == b"1\n", "memory within its limit", r)
    r = run("mem", f"{python} -c '{big % 600}'"); ok(r.returncode != 0 and b"MemoryError" in r.stderr, "and beyond it", r)
    r = run("mem", f"{python} -c 'import resource; print(resource.getrlimit(resource.RLIMIT_AS))'"); ok(r.stdout == f"({300 << 20}, {300 << 20})\n".encode(), "the bound is hard", r)
    r = run("mem-sshd", f"{python} -c 'print(1)'"); ok(denied(r, "[denied]", "its limit mem is kept by a staragent only, and none serves this host"), "behind a plain sshd that permit is none", r)
    b.ctl("host", "add", "posing", "127.0.0.1", "--port", str(b.sshd_port), "--agent", "--login", "root", "--label", "env=small", "--hostkey", f"{b.dir}/hk.pub")
    r = run("posing", "echo ran"); ok(denied(r, "posing refused the limits of its permit, which only a staragent keeps") and r.stdout == b"", "nor behind one that the directory calls an agent", r)
    r = run("small", "ulimit -Hn; ulimit -Sn"); ok(r.stdout == b"40\n40\n", "open files", r)
    r = run("small", f"head -c 200000 /dev/zero > {d}/big; echo; wc -c < {d}/big"); ok(r.stdout.split()[-1:] == [b"65536"], "a file's size", r)
    begun = time.monotonic(); r = run("small", "while :; do :; done"); ok(r.returncode != 0 and time.monotonic() - begun < LONG, "processor time", r)
    ok(until(lambda: b.sessions()[0]["signal"] == "XCPU@staragent"), "and the record says what ended it", b.sessions()[0])
    r = run("small", "id", more=("-o", "SetEnv=LIMITS@staragent=mem=1")); ok(r.returncode == 0, "a client that names limits is not heard", r)
    sftp = subprocess.run(sftp_argv("small", "-b", "-"), input=f"put {tool} {d}/copy\n", capture_output=True, text=True, timeout=LONG)
    ok(not os.path.exists(f"{d}/copy") or os.path.getsize(f"{d}/copy") <= 65536, "an upload too", sftp)
    a = argv("procs"); a[-1] = f"bench+{little}+procs@127.0.0.1"
    r = subprocess.run(a + [f"/bin/sh -c '/usr/bin/sleep 600 & for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo $i; /usr/bin/sleep 600 & done; echo never'"], capture_output=True, timeout=LONG, stdin=subprocess.DEVNULL)
    ok(b"never" not in r.stdout and 5 < len(r.stdout.split()) < 13, "a fork bomb comes to its limit", r)
    ok(until(lambda: not owned(little)), "and nothing of it is left")
    a[-1] = f"bench+root+procs@127.0.0.1"; r = subprocess.run(a + ["/bin/sh -c id"], capture_output=True, timeout=LONG, stdin=subprocess.DEVNULL); ok(denied(r, "its limit procs cannot be kept for root"), "root's processes nobody counts, so that is no permit", r)

    # The first of the worked examples of policy(5), with a program that is here, and the week for office hours.
    r = run("dba", "/usr/bin/id -u"); ok(r.stdout == b"0\n", "a worked example", r)
    ok("PERMIT: dba-ro" in explain("bench", "exec", "dba", "--", "/usr/bin/id", "-u") and "options { timeout 10s; mem 64M }" in explain("bench", "exec", "dba", "--", "/usr/bin/id", "-u"), "explain has its limits")
    ok(any('"options":"timeout 10s; mem 64M"' in json.dumps(x).replace('\\"', '"').replace('": ', '":') for x in b.events()), "and the record of the decision", b.events()[-3:])
    ok(denied(run("dba", "/usr/bin/id -g"), "[denied]"), "and what is no word of it is not permitted")

    # --- its time, at every door ---
    for host in ("time", "time-sshd"):
        begun = time.monotonic(); r = run(host, "/bin/sleep 9"); took = time.monotonic() - begun
        ok(denied(r, "timeout of rule quick: 2s [timeout]") and took > 1.5, f"{host}: a command ends when its time is over", took, r)
        ok(until(lambda: b.sessions()[0]["reason"] == "timeout of rule quick: 2s"), f"{host}: and its session says so", b.sessions()[0])
    ok(any("timeout of rule quick: 2s" in json.dumps(x) and "permitted_by" in json.dumps(x) for x in b.events()), "and an event")
    r = run("time", f"setsid {SLEEP} & nohup {SLEEP} & (trap '' HUP; {SLEEP}; :) & {SLEEP}")
    ok(denied(r, "[timeout]") and until(lambda: not running(SLEEP), 10), "with setsid, nohup, and deaf to hangups: behind a staragent nothing stays", running(SLEEP))
    out, status = talk(argv("time", "-tt"), []); ok("timeout of rule quick: 2s [timeout]" in out and status == 255, "a shell", out)
    p = subprocess.Popen(argv("time") + [YES], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE); p.stdout.read(1)
    id_ = b.sessions()[0]["id"]; os.kill(p.pid, signal.SIGSTOP)
    mine = lambda: next(s for s in b.sessions() if s["id"] == id_)
    ok(until(lambda: mine()["state"] != "open") and mine()["reason"] == "timeout of rule quick: 2s", "a client that reads nothing", mine())
    ok(until(lambda: not runs(YES), 10), "and nothing writes to it any more")
    os.kill(p.pid, signal.SIGCONT); p.kill(); p.wait()
    p = subprocess.Popen(sftp_argv("time"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    ok(until(lambda: (b.sessions()[0]["channel"], b.sessions()[0]["reason"]) == ("sftp", "timeout of rule quick: 2s")), "sftp", b.sessions()[0])
    ok(b"[timeout]" in p.communicate(timeout=LONG)[0], "with a sentence")
    listening = socket.create_server(("127.0.0.1", 0)); to, local = listening.getsockname()[1], port()
    tunnel = subprocess.Popen(argv("time", "-N", "-L", f"{local}:127.0.0.1:{to}"), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE); listening.settimeout(LONG)
    until(lambda: socket.socket().connect_ex(("127.0.0.1", local)) == 0); s = socket.create_connection(("127.0.0.1", local)); s.settimeout(LONG)
    ok(s.recv(1) == b"", "a forwarded connection"); s.close(); tunnel.kill(); tunnel.wait()
    remote = subprocess.Popen(argv("time-sshd", "-N", "-R", f"{local}:127.0.0.1:{to}"), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    ok(until(lambda: socket.socket().connect_ex(("127.0.0.1", local)) == 0) and until(lambda: socket.socket().connect_ex(("127.0.0.1", local)) != 0), "a port that the host listens at"); remote.kill(); remote.wait()
    proxy = " ".join(b.ssh("fortress")[:-1] + ["-W", "time-sshd:22", "bench@127.0.0.1"])
    jump = subprocess.run([*b.ssh("fortress")[:-1], "-o", f"ProxyCommand={proxy}", "root@time-sshd", "/bin/sleep 9"], stdin=subprocess.DEVNULL, capture_output=True, timeout=LONG)
    ok(jump.returncode == 255 and b"[timeout]" in jump.stderr, "a jump, and what runs inside", jump)

    # --- nobody there ---
    out, status = talk(argv("idle", "-tt"), []); ok("idle of rule lazy: 2s without a key [idle]" in out and status == 255, "a shell that nobody types in", out)
    ok(until(lambda: b.sessions()[0]["reason"] == "idle of rule lazy: 2s without a key"), "its session says so", b.sessions()[0])
    p = subprocess.Popen(sftp_argv("idle"), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL); b.procs.append(p)
    ok(until(lambda: b.sessions()[0]["channel"] == "sftp" and b.sessions()[0]["reason"] == "idle of rule lazy: 2s without a byte"),
       "of two verbs the one whose limit it was is named", b.sessions()[0])
    out, status = talk(argv("idle", "-tt", "-o", "ServerAliveInterval=1") + ["while :; do echo .; sleep 0.2; done"], [], seconds=10)
    ok("[idle]" in out and status == 255, "what the host writes is no key, nor is a keepalive", out[-300:], status)
    out, status = talk(argv("idle", "-tt") + [r"while :; do printf 'where\033[6n'; sleep 0.2; done"], [("where\033[6n", "\033[1;1R")] * 100, seconds=10)
    ok(out.count("where\033[6n") > 3 and "[idle]" in out and status == 255, "nor is what a terminal answers when the host asks it", out[-300:], status)
    begun = time.monotonic()
    p = subprocess.Popen(argv("idle") + ["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    for i in range(8):
        p.stdin.write(b"x"); p.stdin.flush(); p.stdout.read(1); time.sleep(0.5)
    ok(p.poll() is None, "who is there stays")
    ok(p.wait(LONG) == 255 and b"[idle]" in p.stderr.read() and time.monotonic() - begun > 5, "until nothing comes any more")
    r = run("idle", "i=0; while [ $i -lt 8 ]; do echo $i; sleep 0.5; i=$((i+1)); done")
    ok(r.returncode == 0 and r.stdout.endswith(b"7\n"), "without a terminal what the host says counts, too", r)

    # --- what goes on has the limits that it began with ---
    keep = subprocess.Popen(argv("agent") + ["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE); keep.stdin.write(b"x"); keep.stdin.flush(); keep.stdout.read(1)
    def load(text): open(f"{b.dir}/state/policy.conf", "w").write(text); b.ctl("reload")
    load(POLICY + "permit bench exec on env=other as root options { timeout 1s } id elsewhere\n")
    keep.stdin.write(b"y"); keep.stdin.flush(); ok(keep.stdout.read(1) == b"y", "a policy with other limits elsewhere changes nothing")
    load(POLICY.replace("id free", "options { mem 4G } id free"))
    ok(keep.wait(LONG) == 255 and "its limits are stricter from now on (free): begin anew [revoked]" in keep.stderr.read().decode(), "stricter ones end it")
    load(POLICY)

    # --- the staragent by itself, as a bastion that has turned hostile, or has died, might use it ---
    key = private_key(f"{b.dir}/state/keys/target_ed25519")
    def words(*args): return string(b"".join(string(a) for a in args))
    def ask(line, name="subsystem", what="argv@staragent", data=words("/bin/echo", "ran"), login="root", more=()):
        with Wire.connect(sock, login, key, timeout=LONG) as w:
            c = w.session(); answers = []
            for l in ([line] if line is not None else []) + list(more):
                w.send(w.request(c, "env", string("LIMITS@staragent"), string(l))); answers.append(w.on(c, WINDOW)[0] == SUCCESS)
            w.send(w.request(c, name, string(what))); answers.append(w.on(c, WINDOW)[0] == SUCCESS)
            if not answers[-1]: return answers, b"", b"", None
            w.send(w.data(c, data)); return (answers, *w.finish(c))
    good = ask("mem=1073741824")
    ok(good[0] == [True, True] and good[1] == b"ran\n", "limits that it knows", good)
    for line in ("", "mem", "mem=", "mem=0", "mem=-1", "mem=1x", "colour=3", "mem=1 ", " mem=1", "mem=1  cpu=1", "mem=1 mem=2", "timeout=99999999999999999999", "sha256=", "sha256=" + "A" * 64, "sha256=" + "0" * 63,
                 "sha256=" + ",".join(["0" * 64] * 9), "sha256=" + "0" * 64 + ",", "sha256=" + "0" * 64 + " sha256=" + "0" * 64, "mem=1\nid"):
        a = ask(line); ok(a[0][0] is (line == ""), f"{line[:24]!r}{'' if line == '' else ': is none'}", a)
    a = ask("cpu=5", more=["cpu=50"]); ok(a[0][:2] == [True, False], "once", a)
    a = ask("procs=5"); ok(a[0][0] is False, "root's processes: no", a)
    a = ask("procs=5", login=little); ok(a[0][0] is True, "others': yes", a)
    a = ask("sha256=" + "0" * 64, data=words("/bin/echo", "ran")); ok(a[1] == b"" and a[3] == b"DIGEST@staragent", "a digest that is another", a)
    a = ask("sha256=" + "0" * 64, name="exec", what="echo ran"); ok(a[0] == [True, False], "no shell has a digest", a)
    begun = time.monotonic(); a = ask("timeout=1", name="exec", what=f"{SLEEP} & {SLEEP}")
    ok(a[3] == b"TIMEOUT@staragent" and time.monotonic() - begun < 50 and until(lambda: not running(SLEEP)), "it keeps the time by itself", a)
    a = ask("timeout=1", data=words(*SLEEP.split())); ok(a[3] == b"TIMEOUT@staragent", "of words too", a)
    ok(ask(None)[1] == b"ran\n", "and serves on")
finally:
    b.stop(); shutil.rmtree(d, ignore_errors=True)
end()
