#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""Forwarded connections, there and back: ssh -L, -D, -R, with OpenSSH, PuTTY and paramiko."""
import os, re, shutil, signal, socket, subprocess, sys, threading, time

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
import tap
from tap import end, ok
from bastion import holders, ipv6, port
from clients import Clients, need, run, serve_files, without
need("curl")

served, dead, named, second = port(), port(), port(), port()
b = Clients(build, policy=f"""permit bench shell,exec,put,get,jump on env=bench as root id bench
permit bench forward on env=bench as root to 127.0.0.1:{served} id web
permit bench forward on env=bench as root to 127.0.0.1:{dead} id dead
permit bench forward on env=bench as root listen localhost:{named} id named
permit bench forward on env=bench as root listen localhost:{second} id second
permit bench forward on env=bench as root listen localhost:0 id any-port
""", options="LogLevel INFO\nExitOnForwardFailure yes\n")
config = b.config

def ssh(*args, **kw): return run("ssh", "-F", config, *args, **kw)
def start(*args):
    log = f"{b.dir}/client{len(b.procs)}"
    p = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=open(log, "wb"), stderr=subprocess.STDOUT)
    p.log = lambda: open(log).read()
    b.procs.append(p)
    return p
def stop(p):
    while p.poll() is None:                      # OpenSSH 9.2 loses a signal that comes just before it waits
        p.terminate()
        try: p.wait(1)
        except subprocess.TimeoutExpired: pass
def forwards(): return [s for s in b.sessions() if s["channel"] == "forward"]
def is_open(p): return socket.socket().connect_ex(("127.0.0.1", p)) == 0
def fetch(p): return run("curl", "-s", "--max-time", "20", f"http://127.0.0.1:{p}/sent").stdout
def allocated(p):
    b.wait(lambda: re.search(r"Allocated port (\d+)", p.log()))
    return int(re.search(r"Allocated port (\d+)", p.log())[1])

data = os.urandom(3_000_000)
open(f"{b.dir}/sent", "wb").write(data)

try:
    serve_files(served, b.dir)

    # There.
    near, nothing, socks = port(), port(), port()
    p = start("ssh", "-F", config, "-v", "-N", "-L", f"127.0.0.1:{near}:127.0.0.1:{served}", "-L", f"127.0.0.1:{nothing}:127.0.0.1:{dead}",
              "-D", f"127.0.0.1:{socks}", "box")
    b.wait(lambda: is_open(socks))
    ok(fetch(near) == data, "-L: what came through is equal")
    r = run("curl", "-s", "--socks5", f"127.0.0.1:{socks}", f"http://127.0.0.1:{served}/sent")
    ok(r.stdout == data, "-D as well")
    s = socket.create_connection(("127.0.0.1", nothing)); s.settimeout(60)
    ok(s.recv(100) == b"" and "open failed" in p.log(), "the client hears that the host could not connect", p.log())
    ok(f"box refused 127.0.0.1:{dead}" in p.log(), "and why, if it looks", p.log())
    r = run("curl", "-s", "--max-time", "20", "--socks5", f"127.0.0.1:{socks}", f"http://127.0.0.1:{b.port}/")
    ok(r.returncode != 0 and f'other destination' in p.log(), "what no rule names is denied, in the policy's words", r, p.log())
    stop(p)
    p = start("ssh", "-F", config, "-v", "-N", "-L", f"127.0.0.1:{near}:127.0.0.1:{served}", "agent")
    b.wait(lambda: is_open(near))
    ok(fetch(near) == data, "a staragent connects as well")
    stop(p)
    b.wait(lambda: all(s["state"] == "closed" for s in forwards()))
    ok(forwards()[0]["host"] == "agent" and forwards()[0]["command"] == f"127.0.0.1:{served}", "which is that host's row", forwards()[:1])
    r = run("ssh", "-F", config, "-v", "-W", f"127.0.0.1:{dead}", "agent")
    ok(r.returncode == 255 and f"agent refused 127.0.0.1:{dead}".encode() in r.stderr, "it too says that it could not", r)
    r = run("ssh", "-F", config, "-v", "-W", f"127.0.0.1:{b.port}", "agent")
    ok(r.returncode == 255 and b"other destination" in r.stderr, "and is not asked for what no rule names", r)

    # A decision that is late holds up nothing else.
    master, gate = f"{b.dir}/master", b.child("gate")
    m = start("ssh", "-F", config, "-MNS", master, "-L", f"127.0.0.1:{near}:127.0.0.1:{served}", "box")
    b.wait(lambda: os.path.exists(master) and is_open(near))
    echo = subprocess.Popen(["ssh", "-F", config, "-S", master, "box", "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE); b.procs.append(echo)
    def echoes(text):
        echo.stdin.write(text); echo.stdin.flush()
        return echo.stdout.read1(100) == text
    echoes(b"before\n")
    os.kill(gate, signal.SIGSTOP)
    try:
        got = []
        t = threading.Thread(target=lambda: got.append(fetch(near))); t.start()
        b.wait(lambda: len(re.findall(rf":{near:04X} ", open("/proc/net/tcp").read())) > 2)
        good = echoes(b"meanwhile\n") and not got
    finally:
        os.kill(gate, signal.SIGCONT)
    t.join(20)
    ok(good and got == [data], "while the gate is silent the other channels go on, and then the forward does")
    echo.stdin.close(); echo.wait(10)
    stop(m)

    # And back.
    p = start("ssh", "-F", config, "-N", "-R", f"0:127.0.0.1:{served}", "box")
    far = allocated(p)
    ok(fetch(far) == data, "-R 0: the port that was given answers, and what came through is equal")
    many = [subprocess.Popen(["curl", "-s", f"http://127.0.0.1:{far}/sent"], stdout=subprocess.PIPE) for _ in range(8)]
    ok(all(p.communicate(timeout=60)[0] == data for p in many), "eight at once")
    s = socket.create_connection(("127.0.0.1", far)); s.sendall(b"GET /sent HTTP/1.0\r\n\r\n"); s.shutdown(socket.SHUT_WR)
    me = s.getsockname()[1]
    got = b""
    while chunk := s.recv(65536): got += chunk
    ok(got.endswith(data), "a half-closed stream gives its other half")
    s.close()
    b.wait(lambda: all(s["state"] == "closed" for s in forwards()))
    rows = [s for s in forwards() if s["command"] == f"listen localhost:{far}"]
    ok(len(rows) == 10 and all(r["host"] == "box" and r["login"] == "root" and r["user"] == "bench" for r in rows), "each is a row", forwards())
    notes = [b.ctl("session", "print", r["id"]) for r in rows]
    ok(any(f"from 127.0.0.1 port {me}" in t for t in notes), "with who connected", notes[-1])
    ok(all(sum(int(x) for x in re.findall(r"(\d+) bytes in", t)) > len(data) - 100 for t in notes), "and how many bytes went which way", notes[-1])
    stop(p)
    b.wait(lambda: not is_open(far))
    ok(True, "the host listens no more when the client is gone")

    p = start("ssh", "-F", config, "-v", "-N", "-R", f"0:127.0.0.1:{served}", "agent")
    ok(fetch(allocated(p)) == data, "a staragent listens as well")
    stop(p); b.wait(lambda: not is_open(allocated(p)))
    p = start("ssh", "-F", config, "-N", "-R", f"{named}:127.0.0.1:{served}", "agent")
    b.wait(lambda: is_open(named))
    many = [start("curl", "-s", "--max-time", "60", "-o", f"{b.dir}/many{i}", f"http://localhost:{named}/sent") for i in range(20)]
    ok(all(m.wait() == 0 for m in many) and all(open(f"{b.dir}/many{i}", "rb").read() == data for i in range(20)), "twenty at once")
    stop(p); b.wait(lambda: not is_open(named))
    ok(True, "and no more when the client is gone")

    m = start("ssh", "-F", config, "-MNS", master, "-R", f"{named}:127.0.0.1:{served}", "box")
    b.wait(lambda: os.path.exists(master) and is_open(named))
    ok(fetch(named) == data, "-R with a port of its own")
    r = ssh("-v", "-N", "-R", f"{named}:127.0.0.1:{served}", "box")
    ok(r.returncode == 255 and b"remote port forwarding failed" in r.stderr and b"box" not in r.stdout and
       b"the port is taken" in r.stderr, "another connection cannot have it too, and hears why", r)
    r = ssh("-v", "-N", "-R", f"{port()}:127.0.0.1:{served}", "box")
    ok(r.returncode == 255 and b"not for listening" in r.stderr, "a port that no rule names is denied, in the policy's words", r)
    r = ssh("-v", "-N", "-R", f"0.0.0.0:{named}:127.0.0.1:{served}", "box")
    ok(r.returncode == 255 and b"not for listening" in r.stderr, "and so is another address", r)
    r = ssh("-v", "-N", "-R", f"{named}:127.0.0.1:{served}", "bastion")
    ok(r.returncode == 255 and b"needs a host" in r.stderr, "without a host there is none", r)
    r = ssh("-v", "-N", "-R", f"22:127.0.0.1:{served}", "agent")
    ok(r.returncode == 255 and b"not for listening" in r.stderr, "nor another port at a staragent", r)
    r = ssh("-N", "-R", f"{b.dir}/there:{b.dir}/here", "box")
    ok(r.returncode == 255 and b"remote port forwarding failed" in r.stderr, "a socket of Unix is refused", r)
    p = start("ssh", "-F", config, "-v", "-N", "-L", f"127.0.0.1:{near}:{b.dir}/sock", "box")
    b.wait(lambda: is_open(near))
    s = socket.create_connection(("127.0.0.1", near)); s.settimeout(60)
    ok(s.recv(10) == b"" and "sockets of Unix and tunnels are not" in p.log(), "as a destination too", p.log())
    stop(p)
    r = ssh("-S", master, "-O", "forward", "-R", f"{second}:127.0.0.1:{served}", "box")
    ok(r.returncode == 0 and fetch(second) == data, "one more on a live connection", r)
    r = ssh("-S", master, "-O", "cancel", "-R", f"{second}:127.0.0.1:{served}", "box")
    b.wait(lambda: not is_open(second))
    ok(r.returncode == 0 and fetch(named) == data, "cancelled, and the other stays", r)
    r = ssh("-S", master, "-O", "forward", "-R", f"{second}:127.0.0.1:{served}", "box")
    ok(r.returncode == 0 and fetch(second) == data, "and asked for again", r)

    # Nobody can cancel another's.
    try:
        import paramiko
    except ImportError:
        pass
    else:
        t = paramiko.Transport(("127.0.0.1", b.port)); t.connect(username="bench+box", pkey=paramiko.Ed25519Key(filename=b.key))
        ok(t.global_request("cancel-tcpip-forward", ("localhost", named), wait=True) is None and fetch(named) == data,
           "another connection of the same user cannot cancel it")
        ok(t.global_request("unknown@example.com", (), wait=True) is None and
           t.global_request("streamlocal-forward@openssh.com", (f"{b.dir}/x",), wait=True) is None and
           t.global_request("hostkeys-prove-00@openssh.com", (), wait=True) is None, "unknown requests are refused")
        asked = t.request_port_forward("localhost", 0, lambda c, origin, server: threading.Thread(target=lambda: (c.sendall(b"hello"), c.close())).start())
        s = socket.create_connection(("localhost", asked)); s.settimeout(60)      # sshd may have got one of ::1 and 127.0.0.1
        ok(s.recv(100) == b"hello", "and the connection lives: paramiko's own forward")
        t.cancel_port_forward("localhost", asked)
        ok(not is_open(asked), "cancelled when its answer comes")
        t.close()
    stop(m)

    # The order of answers: a client that asks for signs of life while the answer is late.
    m = start("ssh", "-F", config, "-MNS", master, "-o", "ServerAliveInterval=1", "box")
    b.wait(lambda: os.path.exists(master))
    os.kill(gate, signal.SIGSTOP)
    try:
        f = subprocess.Popen(["ssh", "-F", config, "-S", master, "-O", "forward", "-R", f"0:127.0.0.1:{served}", "box"], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        b.procs.append(f)
        time.sleep(2.5)                          # two of its intervals: nothing may come, so there is no event to wait for
    finally:
        os.kill(gate, signal.SIGCONT)
    out = f.communicate(timeout=60)[0]
    ok(f.returncode == 0 and fetch(int(out)) == data, "a late answer is not mistaken for that of a keepalive", out, m.log())
    stop(m)

    # Inside a jump: the outer connection stays, the inner one's forward goes with it.
    m = start("ssh", "-F", config, "-MNS", master, "bastion")
    b.wait(lambda: os.path.exists(master))
    p = start("ssh", "-F", config, "-J", "none", "-o", f"ProxyCommand=ssh -F {config} -S {master} -W %h:22 bastion", "-N", "-R", f"0:127.0.0.1:{served}", "box.fx")
    far = allocated(p)
    r = run("curl", "-sS", "--max-time", "20", f"http://127.0.0.1:{far}/sent")
    ok(r.stdout == data, "-R inside a jump", r.returncode, r.stderr, len(r.stdout), far, p.log(), forwards()[:2])
    stop(p)
    b.wait(lambda: not is_open(far))
    ok(m.poll() is None, "ends with the jump, and the outer connection does not")
    stop(m)

    # The host goes: the client cannot be told otherwise.
    p = start("ssh", "-F", config, "-N", "-R", f"0:127.0.0.1:{served}", "box")
    far = allocated(p)
    pids = holders(f":{far:04X}", ":0000", "0A")
    for pid in pids: os.kill(pid, signal.SIGKILL)
    try: code = p.wait(20)
    except subprocess.TimeoutExpired: code = None
    ok(pids and code == 255, "the client's connection ends when its forward is lost", code, p.log())

    # PuTTY measures the line by requests that nobody knows.
    if not without("plink", "PuTTY") and not tap.without(not ipv6(), "PuTTY", "plink listens nowhere without ::1"):
        run("puttygen", b.key, "-o", f"{b.dir}/id.ppk", "-O", "private")
        shown = run("ssh-keygen", "-lf", f"{b.dir}/state/keys/host_ed25519.pub").stdout.split()[1].decode()
        open(f"{b.dir}/sent", "wb").write(data * 10)
        p = start("plink", "-batch", "-ssh", "-N", "-hostkey", shown, "-P", str(b.port), "-l", "bench+box", "-i", f"{b.dir}/id.ppk",
                  "-L", f"127.0.0.1:{near}:127.0.0.1:{served}", "-R", f"{named}:127.0.0.1:{served}", "127.0.0.1")
        b.wait(lambda: is_open(near) and is_open(named))
        ok(fetch(near) == data * 10, "plink -L: 30 MB")
        ok(fetch(named) == data * 10, "plink -R: 30 MB")
        stop(p)

    texts = [e["text"] for e in b.events()]
    ok(any("box: listens for a remote forward" in t for t in texts) and any("box: listens no more" in t for t in texts) and
       any("a channel of an unknown kind was refused" in t for t in texts) and
       any("a remote forward of a socket was refused" in t for t in texts), "the audit tells it", texts)
finally:
    b.stop()
end()
