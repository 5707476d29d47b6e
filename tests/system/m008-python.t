#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""paramiko and asyncssh: commands, sftp, a shell and a forward side by side on one connection, to a host and inside a jump."""
import asyncio, hashlib, os, socket, sys, threading, warnings

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from clients import Clients, ok, need, end, skip

need("ssh")
b = Clients(build)
data = os.urandom(4_000_000); sha = hashlib.sha256(data).hexdigest(); local = f"{b.dir}/local"; open(local, "wb").write(data)
def same(path): return open(path, "rb").read() == data
def recorded(name, host):
    """What the four channels below must have left."""
    more = (["exec"] if name == "asyncssh-agent" else []), (["forward"] if host == "box" else [])
    kinds = ["exec", "exec", "exec", *more[0], *more[1], "sftp", "shell"]; rows = b.rows(len(kinds))
    ok(sorted(r["channel"] for r in rows) == kinds and {r["host"] for r in rows} == {host} and sorted(r["exit"] for r in rows if r["channel"] == "exec") == ["0", "7", "signal TERM"] + ["signal TERM"] * len(more[0]),
       f"{name}: {len(kinds)} rows", [(r["channel"], r["exit"]) for r in rows])
    echo = [r for r in rows if r["command"] == "cat"]
    ok(echo and hashlib.sha256(b.record(echo[0])).hexdigest() == sha and all(b.audited(r, "exec") for r in rows if r["channel"] == "exec"), f"{name}: the bytes of one, and the audit of each")
    e = [x for x in b.audit(1001, 2) if x["op"] in ("put", "get")]
    ok([(x["op"], x.get("sha256"), x["coverage"], x["result"]) for x in e] == [("put", sha, "whole", "ok"), ("get", sha, "whole", "ok")], f"{name}: both files with their hash", e)
    ok(len(b.audit(3002)) == 1, f"{name}: one login", b.audit(3002))

def with_paramiko(name, t):
    def command(words, feed=b""):
        c = t.open_session(); c.settimeout(60); c.exec_command(words)
        threading.Thread(target=lambda: (c.sendall(feed), c.shutdown_write()), daemon=True).start()
        out = err = b""
        while got := c.recv(65536): out += got
        while got := c.recv_stderr(65536): err += got
        return out, err, c.recv_exit_status()
    shell = t.open_session(); shell.settimeout(60); shell.get_pty("xterm", 100, 30); shell.invoke_shell()
    sftp = t.open_sftp_client()
    sftp.put(local, f"{b.dir}/{name}"); sftp.get(f"{b.dir}/{name}", f"{b.dir}/{name}.back")
    said = command("echo out; echo err >&2; exit 7")
    ok(said == (b"out\n", b"err\n", 7), f"{name}: a command", said)
    ok(command("cat", data) == (data, b"", 0) and same(f"{b.dir}/{name}") and same(f"{b.dir}/{name}.back"), f"{name}: 4 MB both ways, by a command and by sftp")
    ok(command("kill -TERM $$")[2] == -1, f"{name}: killed by a signal, there is no status")
    shell.resize_pty(120, 40); shell.sendall(b"PS1=; stty size; exit 3\n"); out = b""
    while got := shell.recv(65536): out += got
    ok(b"40 120" in out and shell.recv_exit_status() == 3, f"{name}: and a shell, of its new size", out[-200:])
    sftp.close()
    if "agent" not in name:
        c = t.open_channel("direct-tcpip", ("127.0.0.1", b.sshd_port), ("127.0.0.1", 0)); c.settimeout(60)
        ok(c.recv(8) == b"SSH-2.0-", f"{name}: and a forward"); c.close()

try:
    try: import paramiko
    except ImportError: skip("paramiko", "no python3-paramiko")
    else:
        def connect(user, sock):
            t = paramiko.Transport(sock); t.start_client(timeout=60); t.auth_publickey(user, paramiko.Ed25519Key.from_private_key_file(b.key)); return t
        for host in ("box", "agent"):
            b.mark(); t = connect(f"bench+{host}", socket.create_connection(("127.0.0.1", b.port)))
            with_paramiko(f"paramiko-{host}", t); t.close(); recorded(f"paramiko-{host}", host)
        b.mark(); outer = connect("bench", socket.create_connection(("127.0.0.1", b.port)))
        t = connect("root", outer.open_channel("direct-tcpip", ("box", 22), ("127.0.0.1", 0)))
        with_paramiko("paramiko-jump", t); t.close(); recorded("paramiko-jump", "box"); outer.close()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore"); import asyncssh
    except ImportError: skip("asyncssh", "no python3-asyncssh")
    else:
        async def with_asyncssh(name, c):
            shell = await c.create_process(term_type="xterm", term_size=(100, 30))
            async def files():
                async with c.start_sftp_client() as sftp:
                    await sftp.put(local, f"{b.dir}/{name}"); await sftp.get(f"{b.dir}/{name}", f"{b.dir}/{name}.back")
            one, two, three, _ = await asyncio.gather(c.run("echo out; echo err >&2; exit 7"), c.run("cat", input=data, encoding=None), c.run("kill -TERM $$"), files())
            ok((one.stdout, one.stderr, one.exit_status) == ("out\n", "err\n", 7), f"{name}: a command", one)
            ok(two.stdout == data and same(f"{b.dir}/{name}") and same(f"{b.dir}/{name}.back"), f"{name}: 4 MB both ways, by a command and by sftp, at once")
            ok(three.exit_signal is not None and three.exit_signal[0] == "TERM", f"{name}: killed by a signal", three.exit_signal)
            shell.change_terminal_size(120, 40); shell.stdin.write("PS1=; stty size; exit 3\n")
            if "agent" in name:                                  # sshd passes no signals on to root's sessions
                asleep = await c.create_process("echo up; exec sleep 100"); await asleep.stdout.readline(); asleep.send_signal("TERM")
                ended = await asyncio.wait_for(asleep.wait(), 60)
                ok(ended.exit_signal is not None and ended.exit_signal[0] == "TERM", f"{name}: a signal from the client arrives", ended.exit_signal)
            else:
                near, far = await c.open_connection("127.0.0.1", b.sshd_port)
                ok((await near.read(8)) == b"SSH-2.0-", f"{name}: and a forward"); far.close()
            out = await asyncio.wait_for(shell.stdout.read(), 60); await shell.wait()
            ok("40 120" in out and shell.exit_status == 3, f"{name}: and a shell, of its new size", out[-200:])
        async def all_of_it():
            options = dict(known_hosts=None, client_keys=[b.key], config=None, agent_path=None)
            for host in ("box", "agent"):
                b.mark()
                async with asyncssh.connect("127.0.0.1", b.port, username=f"bench+{host}", **options) as c: await with_asyncssh(f"asyncssh-{host}", c)
                recorded(f"asyncssh-{host}", host)
            b.mark()
            async with asyncssh.connect("127.0.0.1", b.port, username="bench", **options) as outer:
                async with outer.connect_ssh("box", username="root", **options) as c: await with_asyncssh("asyncssh-jump", c)
            recorded("asyncssh-jump", "box")
        asyncio.run(asyncio.wait_for(all_of_it(), 90))
finally:
    b.stop()
end()
