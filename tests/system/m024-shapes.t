#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""Connections as editors make them: a script into bash, forwards, sftp and commands side by side; and what no bastion grants."""
import logging, os, re, shutil, signal, subprocess, sys, threading

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import end, needs_bastion, ok, skip
needs_bastion()
if not os.path.exists("/usr/sbin/sshd") or not shutil.which("curl"): skip("no sshd or no curl")
try: import paramiko
except ImportError: skip("no paramiko")
from bastion import Bastion, port
logging.getLogger("paramiko").setLevel(logging.CRITICAL)

b = Bastion(build, "KernelAudit off\n", "permit bench shell,exec,get,put on env=bench as root id bench\npermit bench forward on env=bench to 127.0.0.1:* id local\n")
opts = ["-F", "/dev/null", "-i", b.key, "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
        "-o", "LogLevel=ERROR", "-p", str(b.port)]
box = "bench+box@127.0.0.1"
def sessions(kind): return [s for s in b.sessions() if s["channel"] == kind]
def connect():
    t = paramiko.Transport(("127.0.0.1", b.port)); t.connect(username="bench+box", pkey=paramiko.Ed25519Key(filename=b.key)); return t
def run(t, command):
    c = t.open_session(timeout=60); c.settimeout(60); c.exec_command(command)
    out = b""
    while chunk := c.recv(65536): out += chunk
    return out, c.recv_exit_status()

data = os.urandom(2_000_000)
open(f"{b.dir}/sent", "wb").write(data)
server = f"""import http.server
class S(http.server.SimpleHTTPRequestHandler):
    def __init__(self, *a): super().__init__(*a, directory={b.dir!r})
    def log_message(self, *a): pass
s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), S)
print("listening", s.server_address[1], flush=True)
s.serve_forever()
"""
open(f"{b.dir}/server.py", "w").write(server)

try:
    # VS Code: a script into bash starts a server on the host's loopback; the editor reaches it by SOCKS on the same connection.
    socks = port()
    p = subprocess.Popen(["ssh", *opts, "-T", "-D", f"127.0.0.1:{socks}", box, "bash"], stdin=subprocess.PIPE, stdout=subprocess.PIPE); b.procs.append(p)
    p.stdin.write(f"uname -s\n/usr/bin/python3 {b.dir}/server.py &\nserver=$!\n".encode()); p.stdin.flush()
    lines = [p.stdout.readline() for _ in range(2)]
    far = int(re.search(rb"listening (\d+)", b"".join(lines))[1])
    ok(b"Linux\n" in lines, "a script on stdin of bash, without a terminal", lines)
    r = subprocess.run(["curl", "-s", "--max-time", "20", "--socks5-hostname", f"127.0.0.1:{socks}", f"http://127.0.0.1:{far}/sent"], capture_output=True)
    ok(r.stdout == data, "and what it started, through the same connection", r.returncode)
    many = [subprocess.Popen(["curl", "-s", "--socks5-hostname", f"127.0.0.1:{socks}", f"http://127.0.0.1:{far}/sent"], stdout=subprocess.PIPE) for _ in range(6)]
    ok(all(m.communicate(timeout=60)[0] == data for m in many), "six at once, beside the script")
    out = p.communicate(b"kill $server\necho over\nexit 5\n", timeout=60)[0]
    ok(out == b"over\n" and p.returncode == 5, "the script goes on, and its status comes back", out, p.returncode)
    b.wait(lambda: all(s["state"] == "closed" for s in sessions("exec") + sessions("forward")))
    s = sessions("exec")
    ok(len(s) == 1 and s[0]["command"] == "bash" and s[0]["exit"] == 5 and len(sessions("forward")) == 7 and
       all(f["command"] == f"127.0.0.1:{far}" for f in sessions("forward")), "each is a row", s, sessions("forward"))
    pack = f"{b.dir}/pack"
    b.ctl("audit", "export", "-o", pack)
    kept = b"".join(open(os.path.join(d, f), "rb").read() for d, _, files in os.walk(pack) for f in files)
    ok(b"server=$!" in kept, "the script is in the record")

    # JetBrains: sftp, commands and forwards side by side on one connection.
    web = subprocess.Popen(["/usr/bin/python3", f"{b.dir}/server.py"], stdout=subprocess.PIPE); b.procs.append(web)
    far = int(web.stdout.readline().split()[1])
    t = connect()
    wrong = []
    def check(good, what):
        if not good: wrong.append(what)
    def by_sftp(i):
        f = paramiko.SFTPClient.from_transport(t)
        with f.open(f"{b.dir}/up{i}", "wb") as h: h.write(data)
        with f.open(f"{b.dir}/sent", "rb") as h: check(h.read() == data, "get")
        f.close(); check(open(f"{b.dir}/up{i}", "rb").read() == data, "put")
    def by_exec(i):
        for k in range(5): check(run(t, f"echo {i} {k}; exit {k}") == (f"{i} {k}\n".encode(), k), "exec")
    def by_forward(i):
        c = t.open_channel("direct-tcpip", ("127.0.0.1", far), ("127.0.0.1", 40000 + i)); c.settimeout(60)
        c.sendall(b"GET /sent HTTP/1.0\r\n\r\n")
        got = b""
        while chunk := c.recv(65536): got += chunk
        check(got.endswith(data), "forward"); c.close()
    threads = [threading.Thread(target=f, args=(i,)) for i in range(4) for f in (by_sftp, by_exec, by_forward)]
    for x in threads: x.start()
    for x in threads: x.join(60)
    ok(not wrong and not any(x.is_alive() for x in threads), "sftp, commands and forwards, twelve at once", wrong)

    for i in range(100): t.open_session(timeout=60).close()
    ok(run(t, "echo still") == (b"still\n", 0), "a hundred sessions that ask for nothing leave room for one that does")

    # Closed while the gate is asked: the connection to the host that came with the answer is nobody's, and given back.
    t3 = connect()
    gate = [p for p in b.children() if "gate" in open(f"/proc/{p}/cmdline").read()][0]
    os.kill(gate, signal.SIGSTOP)
    try:
        c = t3.open_session(timeout=60); c.exec_command("true"); c.close()
        t3.global_request("keepalive@openssh.com", (), wait=True)     # the bastion has read the end
    finally:
        os.kill(gate, signal.SIGCONT)
    ok(run(t3, "echo next") == (b"next\n", 0), "who leaves before the answer does not spoil it for the next")
    t3.close()

    # What no bastion grants, and the connection lives.
    def refused(kind):
        try: t.open_channel(kind, timeout=10)
        except paramiko.ChannelException as e: return e.code == 1
        return False
    ok(refused("tun@openssh.com"), "a tunnel is refused")
    ok(refused("direct-streamlocal@openssh.com"), "a socket of Unix")
    ok(refused("auth-agent@openssh.com"), "and what only a server may open")
    ok(t.global_request("keepalive@openssh.com", (), wait=True) is not None, "a keepalive is answered")
    c = t.open_session()
    m = paramiko.Message(); m.add_byte(b"\x62"); m.add_int(c.remote_chanid); m.add_string("winadj@putty.projects.tartarus.org"); m.add_boolean(True)
    c._event_pending(); t._send_user_message(m)
    try: c._wait_for_event(); answered = False
    except paramiko.SSHException: answered = True
    ok(answered, "PuTTY's measure of the line is answered with a failure")
    t2 = connect()
    held = t2.open_session(); held.settimeout(60); held.exec_command("cat")
    t2.global_request("no-more-sessions@openssh.com", (), wait=False)
    try: t2.open_session(timeout=10); more = True
    except paramiko.ChannelException: more = False
    held.sendall(b"still here\n"); held.shutdown_write()
    ok(not more and held.recv(100) == b"still here\n", "no-more-sessions: none is opened, and those that are go on")
    t2.close()
    ok(run(t, "echo lives") == (b"lives\n", 0), "the connection lives through it all")
    t.close()
    r = subprocess.run(["ssh", *opts, "-o", "ServerAliveInterval=1", "-o", "UpdateHostKeys=yes", box, "sleep 2.2; echo slept"], capture_output=True, timeout=60, stdin=subprocess.DEVNULL)
    ok((r.stdout, r.returncode) == (b"slept\n", 0), "signs of life while a command is silent", r)
finally:
    b.stop()
end()
