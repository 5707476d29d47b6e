#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""Many channels on one connection: at once, one after the other, to several hosts, and ended in every order."""
import os, socket, subprocess, sys, threading

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from clients import Clients, ok, need, end

need("ssh", "sftp")
long = os.environ.get("FORTRESS_LONG") is not None
b = Clients(build)
def master(host, name):
    path = f"{b.dir}/{name}"
    p = subprocess.Popen(b.argv(host, options=("-M", "-N", "-S", path)), stdin=subprocess.DEVNULL); b.procs.append(p)
    b.wait(lambda: os.path.exists(path))
    return path
try:
    data = os.urandom(3 << 20); open(f"{b.dir}/data", "wb").write(data)
    for host in ("box", "agent", "box.fx", "agent.fx"):
        b.mark()
        m = master(host, f"m-{host}")
        many = [subprocess.Popen(b.argv(host, f"cat; echo err{i} >&2; exit {i}", options=("-S", m)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for i in range(20)]
        sftp = subprocess.Popen(["sftp", "-q", "-F", b.config, "-o", f"ControlPath={m}", "-b", "-", host], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        got = sftp.communicate(f"get {b.dir}/data {b.dir}/got-{host}\nput {b.dir}/data {b.dir}/put-{host}\n".encode(), timeout=60)
        outs = [(*p.communicate(b"%d" % i * 1000, timeout=60), p.returncode) for i, p in enumerate(many)]
        ok(outs == [(b"%d" % i * 1000, b"err%d\n" % i, i) for i in range(20)], f"{host}: 20 commands at once on one connection", outs[:3])
        ok(sftp.returncode == 0 and all(open(f"{b.dir}/{d}-{host}", "rb").read() == data for d in ("got", "put")), f"{host}: and an sftp among them", got)
        rows = b.rows(21)
        ok(sorted(r["exit"] for r in rows if r["channel"] == "exec") == sorted(map(str, range(20))) and [r["channel"] for r in rows].count("sftp") == 1,
           f"{host}: 21 rows", [(r["channel"], r["exit"]) for r in rows])
        ok(all(b.audited(r, "exec") for r in rows if r["channel"] == "exec") and len(b.audit(1001, 1, op="get")) == 1 == len(b.audit(1001, 1, op="put")), f"{host}: each audited")
        ok(len(b.audit(3002)) == 1, f"{host}: one login for all of them", b.audit(3002))
        b.on(host, options=("-S", m, "-O", "exit"))

    m = master("bastion", "m-all"); b.mark()
    for i in range(3):
        b.ctl("host", "add", f"box{i}", "127.0.0.1", "--port", str(b.sshd_port), "--login", "root", "--label", "env=bench", "--hostkey", f"{b.dir}/hk.pub")
    hosts = ["box", "agent", "box0", "root@box1", "box2"] * 5
    many = [subprocess.Popen(b.argv("bastion", f"{h} cat; exit {i}", options=("-S", m)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for i, h in enumerate(hosts)]
    outs = [(*p.communicate(b"%d" % i * 50000, timeout=60), p.returncode) for i, p in enumerate(many)]
    ok(outs == [(b"%d" % i * 50000, b"", i) for i in range(25)], "25 channels to five hosts on one connection", [(len(o), e, r) for o, e, r in outs])
    rows = b.rows(25)
    ok(sorted(r["host"] for r in rows) == sorted(h.split("@")[-1] for h in hosts), "25 rows, each with its host", [r["host"] for r in rows])

    # One after the other: nothing of a channel stays.
    import paramiko
    def connect(user):
        t = paramiko.Transport(socket.create_connection(("127.0.0.1", b.port)))
        t.start_client(timeout=60); t.auth_publickey(user, paramiko.Ed25519Key.from_private_key_file(b.key))
        return t
    def command(t, words, feed=b"", read=True):
        c = t.open_session(); c.settimeout(60); c.exec_command(words)
        if feed: c.sendall(feed)
        c.shutdown_write(); out = b""
        while read and (data := c.recv(65536)): out += data
        status = c.recv_exit_status(); c.close()
        return out, status
    for host in ("box", "agent"):
        t = connect(f"bench+{host}"); sizes, good = [], []
        def line(n):
            for i in range(n): good.append(command(t, f"exit {i % 256}")[1] == i % 256)
        for _ in range(5):                                       # each waits for the store twice: ten lines of them
            lines = [threading.Thread(target=line, args=(100 if long else 10,)) for _ in range(1 if long else 10)]
            for l in lines: l.start()
            for l in lines: l.join(60)
            sizes.append(b.memory(f"bench -> {host}"))
        ok(good == [True] * 500, f"{host}: 500 commands on one connection, {'one' if long else 'ten'} at a time", len(good))
        ok(sizes[-1] - sizes[0] < 400, f"{host}: and the front has not grown: {sizes} kB", sizes)
        # Ends in every order: who closes first, with what unread.
        ok(command(t, "cat >/dev/null; exit 5", b"x" * 100000) == (b"", 5), f"{host}: the client's end first")
        c = t.open_session(); c.settimeout(60); c.exec_command("exec >&- 2>&-; cat >/dev/null; exit 6"); c.sendall(b"x"); c.shutdown_write()
        ok((c.recv(10), c.recv_exit_status()) == (b"", 6), f"{host}: the target's end of output first"); c.close()
        c = t.open_session(); c.settimeout(60); c.exec_command("echo out; exit 7")
        ok((c.recv_exit_status(), c.recv(10)) == (7, b"out\n"), f"{host}: the end comes while output is unread, which stays readable"); c.close()
        b.mark()
        c = t.open_session(); c.settimeout(60); c.exec_command("exec cat /dev/zero"); c.recv(1000); c.close()
        ok([(r["reason"], r["exit"]) for r in b.rows()] == [("the user closed the connection", "")], f"{host}: the client closes in the middle of output", b.rows())
        b.mark()
        c = t.open_session(); c.settimeout(60); c.exec_command("echo $$; exec sleep 1000"); pid = int(c.recv(20)); c.close()
        rows = b.rows()
        ok(rows and rows[0]["reason"] == "the user closed the connection", f"{host}: and while nothing moves", rows)
        if host == "agent": ok(b.until(lambda: not os.path.exists(f"/proc/{pid}"), bool), "agent: what was left behind there is ended")
        elif os.path.exists(f"/proc/{pid}"): os.kill(pid, 9)
        # Requests that are none of ours to know are answered, and nothing else happens.
        c = t.open_session(); c.settimeout(60)
        m_ = paramiko.Message(); m_.add_byte(b"\x62"); m_.add_int(c.remote_chanid); m_.add_string("winadj@putty.projects.tartarus.org"); m_.add_boolean(True)
        c.event.clear(); t._send_user_message(m_); c.event.wait(20)
        ok(c.closed or not t.is_active() or c.event.is_set(), f"{host}: an unknown request gets an answer"); c.close()
        opens = [threading.Thread(target=lambda: results.append(command(t, "echo x")[0])) for _ in range(20)]; results = []
        for o in opens: o.start()
        for o in opens: o.join(30)
        ok(results == [b"x\n"] * 20, f"{host}: 20 threads open at once", results)
        t.global_request("no-more-sessions@openssh.com", wait=False)
        try: refused = command(t, "echo on")
        except paramiko.SSHException as e: refused = e
        ok(isinstance(refused, paramiko.SSHException), f"{host}: no session after no-more-sessions", refused)
        t.close()
finally:
    b.stop()
end()
