#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""Recorded jumps (ssh -J, -W) and forwarded connections, with OpenSSH, PuTTY, dropbear and paramiko."""
import hashlib, json, os, socket, subprocess, sys

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from bastion import port
from clients import Clients, ok, need, end, run, serve_files, skip, without
import wire
from wire import Wire, Take

need("ssh", "scp", "sftp", "curl")
served = port()
b = Clients(build, policy=f"""permit bench shell,exec,put,get,jump on env=bench as root id bench
permit bench forward on env=bench as root to 127.0.0.1:{served} id web
deny bench jump on host agent reason "no jumps there"
""")
config, known = b.config, b.known

def ssh(*args, **kw): return run("ssh", "-F", config, *args, **kw)
def commands(): return [s["command"] for s in b.sessions()]

try:
    r = ssh("box.fx", "echo out; echo err >&2; exit 7")
    ok((r.stdout, r.stderr, r.returncode) == (b"out\n", b"err\n", 7), "-J with strict host keys: output, stderr and status", r)
    s = [s for s in b.sessions() if s["command"] == "echo out; echo err >&2; exit 7"]
    ok(len(s) == 1 and s[0]["host"] == "box" and s[0]["login"] == "root" and s[0]["user"] == "bench",
       "what ran inside the jump is a session of its user on the host", s)
    text = b.ctl("session", "print", s[0]["id"]) if s else ""
    ok("out" in text, "and its output is in the record", text)
    r = ssh("-tt", "box.fx", "tty; exit 3")
    ok(r.returncode == 3 and b"/dev/pts/" in r.stdout, "a terminal inside the jump", r)
    r = ssh("daemon@box.fx", "id")
    ok(r.returncode == 255 and b"[denied]" in r.stderr, "a login that is not the host's is refused inside, in words", r)
    r = ssh("agent.fx", "true")
    ok(r.returncode == 255 and b"may not jump on agent" in r.stderr or b"[denied]" in r.stderr, "a jump that the policy denies is refused inside, in words", r)
    def explain(*words): return run(f"{build}/fortress", "policy", "explain", *words, env=b.env)
    r = explain("bench", "jump", "box"); ok(r.returncode == 0 and r.stdout.startswith(b"PERMIT: bench"), "policy explain says of a jump what ssh -J finds", r)
    r = explain("bench", "jump", "agent"); ok(r.returncode == 1 and b"no jumps there" in r.stdout, "of one that is denied, too", r)
    r = ssh("bastion", "request", "box", "--verb", "jump", "--reason", "x")
    ok(r.returncode == 255 and b"say where the jump goes: --to box:22" in r.stderr, "whoever asks for approval of one hears what to add", r)
    r = ssh("-o", "LogLevel=INFO", "-W", f"127.0.0.1:{served}", "bastion")
    ok(b"administratively prohibited" in r.stderr, "no host named, no host meant: the bastion itself connects nowhere", r)
    r = ssh("-o", "LogLevel=INFO", "-W", "box:23", "bastion")
    ok(b"administratively prohibited" in r.stderr, "a jump to another port of the host", r)

    data = os.urandom(5_000_000)
    sent = f"{b.dir}/sent"; open(sent, "wb").write(data)
    for how in ([], ["-O"]):
        back = f"{b.dir}/back{len(how)}"
        r = run("scp", *how, "-q", "-F", config, sent, f"box.fx:{back}")
        ok(r.returncode == 0 and open(back, "rb").read() == data, f"scp {' '.join(how)} through a jump", r)
    r = run("sftp", "-q", "-F", config, "-b", "-", "box.fx", stdin=f"get {sent} {b.dir}/got\n".encode())
    ok(r.returncode == 0 and open(f"{b.dir}/got", "rb").read() == data, "sftp through a jump", r)
    if not without("rsync", "rsync through a jump"):
        os.makedirs(f"{b.dir}/tree/a"); open(f"{b.dir}/tree/a/f", "wb").write(data)
        r = run("rsync", "-a", "-e", f"ssh -F {config}", f"{b.dir}/tree/", f"box.fx:{b.dir}/copy/")
        ok(r.returncode == 0 and open(f"{b.dir}/copy/a/f", "rb").read() == data, "rsync through a jump", r)
    master = f"{b.dir}/master"
    m = subprocess.Popen(["ssh", "-F", config, "-MNS", master, "box.fx"], stdin=subprocess.DEVNULL); b.procs.append(m)
    b.wait(lambda: os.path.exists(master))
    many = [subprocess.Popen(["ssh", "-F", config, "-S", master, "box.fx", f"cat {sent} | sha256sum; echo {i}"],
                             stdout=subprocess.PIPE, stdin=subprocess.DEVNULL) for i in range(8)]
    want = hashlib.sha256(data).hexdigest()
    outs = [p.communicate(timeout=60)[0].decode() for p in many]
    ok(all(want in o and o.strip().endswith(str(i)) for i, o in enumerate(outs)), "eight sessions at once in one jump", outs)

    # A client whose line is full, and who has said all it has to say as soon as its jump is open.
    w = Wire.connect(("127.0.0.1", b.port), "bench", wire.private_key(b.key)); b.mark()
    flood = w.session(window=1 << 31); w.exec(flood, "root@box head -c 50000000 /dev/zero")
    def is_full(seen):
        """The bastion has something to send, and for a while no more of it goes."""
        near, far = (f":{p:04X}" for p in (b.port, w.sock.getsockname()[1]))
        seen.append(next(l.split()[4] for l in open("/proc/net/tcp") if l.split()[1].endswith(near) and l.split()[2].endswith(far)))
        return len(seen) > 10 and not seen[-1].startswith("00000000:") and seen[-1].endswith(":00000000") and len(set(seen[-10:])) == 1
    b.wait(lambda seen=[]: is_full(seen))
    w.open("direct-tcpip", window=1 << 20, extra=wire.string("box") + wire.u32(22) + wire.string("127.0.0.1") + wire.u32(1))
    b.wait(lambda: b.audit(3003, verb="jump"))
    jump = flood + 1
    w.send(bytes([wire.EOF]) + wire.u32(jump))
    b.wait(lambda seen=[]: is_full(seen))
    said = []
    while not said or said[-1][0] != wire.CLOSE:
        p = w.recv()
        if p[0] == wire.OPEN_OK: said.append((p[0], Take(p, 5).u32()))
        elif p[0] in (wire.DATA, wire.EOF, wire.CLOSE) and Take(p).u32() == 1: said.append((p[0], Take(p, 5).string()[:8] if p[0] == wire.DATA else b""))
    ok([x[0] for x in said] == [wire.OPEN_OK, wire.DATA, wire.EOF, wire.CLOSE] and said[0][1] == jump and said[1][1] == b"SSH-2.0-",
       "the host's first words come before the end, though the client had nothing more to say", said)
    w.close()

    # Other clients.
    base = ["ssh", "-F", config, "-W"]
    if not without("plink", "plink by its proxy command"):
        ppk = f"{b.dir}/id.ppk"
        run("puttygen", b.key, "-o", ppk, "-O", "private")
        shown = run("ssh-keygen", "-lf", f"{b.dir}/state/keys/host_ed25519.pub").stdout.split()[1].decode()
        r = run("plink", "-batch", "-ssh", "-hostkey", shown, "-proxycmd", f"ssh -F {config} -W box:22 bastion", "-l", "root", "-i", ppk,
                "box.fx", "echo plink; exit 4")
        ok(b"plink" in r.stdout and r.returncode == 4, "plink by its proxy command", r)
    if not without("dbclient", "dbclient by its proxy command"):
        r = run("dbclient", "-y", "-y", "-J", f"ssh -F {config} -W box:22 bastion", "root@box.fx", "echo dbclient; exit 4")
        ok(b"dbclient" in r.stdout and r.returncode == 4, "dbclient by its proxy command", r)
    try:
        import paramiko
    except ImportError:
        skip("paramiko through a jump", "no paramiko")
    else:
        outer, inner = paramiko.SSHClient(), paramiko.SSHClient()
        for c in outer, inner: c.set_missing_host_key_policy(paramiko.AutoAddPolicy())
        outer.connect("127.0.0.1", b.port, "bench", key_filename=b.key, allow_agent=False, look_for_keys=False)
        sock = outer.get_transport().open_channel("direct-tcpip", ("box", 22), ("127.0.0.1", 0))
        inner.connect("box", username="root", key_filename=b.key, sock=sock, allow_agent=False, look_for_keys=False)
        _, out, _ = inner.exec_command("echo paramiko; exit 5")
        ok(out.read() == b"paramiko\n" and out.channel.recv_exit_status() == 5, "paramiko through a jump")
        inner.close(); outer.close()

    # What the bastion prints is what works.
    direct = ["-F", "/dev/null", "-i", b.key, "-o", "IdentitiesOnly=yes", "-o", f"UserKnownHostsFile={known}", "-p", str(b.port)]
    said = lambda *words: run("ssh", *direct, "bench@127.0.0.1", *words)
    lines = said("config").stdout.decode()
    ok("Host agent.fx box.fx" in lines and "\tUser root" in lines and "ProxyJump fortress" in lines, "config names the hosts by login", lines)
    own, own_known = f"{b.dir}/own", f"{b.dir}/own_known"
    with open(own, "w") as f:
        f.write(lines + f"Host *\n\tIdentityFile {b.key}\n\tIdentitiesOnly yes\n\tStrictHostKeyChecking yes\n\tUserKnownHostsFile {own_known}\n")
    with open(own_known, "wb") as f: f.write(said("config", "--known-hosts").stdout)
    r = run("ssh", "-F", own, "box.fx", "echo configured")
    ok(r.stdout == b"configured\n", "and ssh works with it, host keys checked", r, lines)
    lines = said("config", "--ansible").stdout.decode()
    ok(f"box ansible_host=127.0.0.1 ansible_port={b.port} ansible_user=bench+root+box" in lines, "an inventory for ansible", lines)
    lines = said("config", "--putty").stdout.decode()
    ok(f"putty -ssh -P {b.port} bench+root+box@127.0.0.1" in lines, "lines for PuTTY", lines)
    r = said("config", "--putti")
    ok(r.returncode == 255 and r.stderr == b"fortress: usage: config, config --jump, config --known-hosts, config --putty, config --ansible [usage]\n",
       "what no verb knows is refused in a line with all that there is", r)
    r = said("session", "end")
    ok(r.returncode == 255 and r.stderr == b"fortress: usage: session end ID [REASON] [usage]\n", "and a verb without what it takes in its own form", r)
    ok(b"hosts --json" in said("help").stdout and b"+LOGIN+HOST@" in said("help").stdout, "help lists the verbs, and how a host is named")
    r = said("hosts", "--json")
    ok([json.loads(l)["name"] for l in r.stdout.decode().splitlines()] == ["agent", "box"], "hosts --json", r)
    many = [subprocess.Popen(["ssh", *direct, "-o", "ControlMaster=auto", "-S", f"{b.dir}/many", "bench@127.0.0.1", "hosts"],
                             stdout=subprocess.PIPE, stdin=subprocess.DEVNULL) for _ in range(6)]
    outs = [p.communicate(timeout=60)[0] for p in many]
    ok(all(o.count(b"\n") == 2 for o in outs), "six lists at once, each whole", outs)

    # Forwarded connections go through the host.
    serve_files(served, b.dir)
    near, other, socks = port(), port(), port()
    fwd = subprocess.Popen(["ssh", "-F", config, "-N", "-l", "bench+box", "-L", f"127.0.0.1:{near}:127.0.0.1:{served}",
                            "-L", f"127.0.0.1:{other}:127.0.0.1:{b.sshd_port}", "-D", f"127.0.0.1:{socks}", "bastion"],
                           stdin=subprocess.DEVNULL, stderr=subprocess.PIPE); b.procs.append(fwd)
    b.wait(lambda: socket.socket().connect_ex(("127.0.0.1", socks)) == 0)
    fetch = lambda *a: run("curl", "-sS", *a)
    r = fetch(f"http://127.0.0.1:{near}/sent")
    ok(hashlib.sha256(r.stdout).hexdigest() == want, "-L: 5 MB through the host, equal", r.returncode, len(r.stdout), r.stderr)
    r = fetch("--socks5", f"127.0.0.1:{socks}", f"http://127.0.0.1:{served}/sent")
    ok(hashlib.sha256(r.stdout).hexdigest() == want, "-D: the same by SOCKS", r.returncode, len(r.stdout), r.stderr)
    many = [subprocess.Popen(["curl", "-s", f"http://127.0.0.1:{near}/sent"], stdout=subprocess.PIPE) for _ in range(8)]
    ok(all(hashlib.sha256(p.communicate(timeout=60)[0]).hexdigest() == want for p in many), "eight at once")
    s = socket.create_connection(("127.0.0.1", near)); s.sendall(b"GET /sent HTTP/1.0\r\n\r\n"); s.shutdown(socket.SHUT_WR)
    got = b""
    while chunk := s.recv(65536): got += chunk
    ok(got.endswith(data), "a half-closed stream gives its other half")
    s = socket.create_connection(("127.0.0.1", other)); s.settimeout(60)
    ok(s.recv(100) == b"", "a destination that no rule names is refused")
    def forwards(): return [s for s in b.sessions() if s["channel"] == "forward"]
    b.wait(lambda: all(s["state"] == "closed" for s in forwards()))
    rows = forwards()
    ok(len(rows) == 11 and all(s["command"] == f"127.0.0.1:{served}" and s["host"] == "box" for s in rows),
       "each forward is a row with its destination", rows)
    text = b.ctl("session", "show", rows[0]["id"])
    ok("forward" in text, "and can be shown", text)
finally:
    b.stop()
end()
