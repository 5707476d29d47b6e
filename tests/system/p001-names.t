#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""How a host is named: each form by a real client, the picker for what is not one host, and names that are none."""
import json, os, subprocess, sys

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")

from tap import ok, needs_bastion, end
needs_bastion()
from bastion import Bastion, talk

b = Bastion(build, "KernelAudit off\nMaxAuthTries 20\nUserNameFormats jumpserver warpgate\n", """permit bench any on env=bench as root,daemon id bench
permit mail@example.org any on env=bench as root id mail
""")
env = dict(os.environ, LC_ALL="C.UTF-8", TERM="xterm")
def argv(user, *words, key=b.key):
    return ["ssh", "-F", "/dev/null", "-i", key, "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no", "-o",
            "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-p", str(b.port), "-l", user, "127.0.0.1", *words]
def ssh(user, *words, **kw):
    return subprocess.run(argv(user, *words, **kw), capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
def refused(r, code, *parts):
    return r.returncode == 255 and r.stdout == "" and f"[{code}]" in r.stderr and r.stderr.count("\n") == 1 and all(p in r.stderr for p in parts)

try:
    add = lambda name, *more: b.ctl("host", "add", name, "127.0.0.1", "--port", str(b.sshd_port), "--label", "env=bench",
                                    "--hostkey", f"{b.dir}/hk.pub", *more)
    add("web1", "--login", "root", "--login", "daemon", "--alias", "front"); add("web2", "--login", "root", "--login", "daemon")
    b.ctl("user", "add", "mail@example.org"); b.ctl("key", "add", "mail@example.org", f"{b.key}.pub")
    p = b.sshd_port

    # Each form reaches its host as its login.
    forms = [("bench+box", "box"), ("bench+root+box", "box"), ("bench+front", "web1"), ("bench+FRONT", "web1"), ("bench+bo", "box"),
             (f"bench+unix:{b.dir}/agent.sock", "agent"), ("bench+root+box.fx", "box"),
             ("mail@example.org+box", "box"), ("mail@example.org+root+box", "box"),
             ("bench@root@box", "box"), ("bench#root#box", "box"), ("bench@ssh@root@web2", "web2"), ("mail@example.org@root@box", "box"),
             ("bench:box", "box"), ("bench:root:web2", "web2"), ("bench#web2", "web2"), ("mail@example.org:root:box", "box")]
    for user, host in forms:
        r = ssh(user, "id -un")
        row = b.sessions()[0]
        ok(r.stdout == "root\n" and (row["host"], row["login"], row["user"]) == (host, "root", "mail@example.org" if "mail" in user else "bench"),
           f"{user.replace(b.dir, '...')} is {host}", r, row)
    b.ctl("host", "set", "box", "--addr", "127.0.0.2")        # it listens on 127.0.0.1 alone: the address shows which was meant
    b.ctl("host", "set", "box", "--addr", "127.0.0.1")
    r = ssh(f"bench+127.0.0.1:{p}", "true")
    ok(refused(r, "no-host", "3 hosts fit", "box, web1, web2"), "an address that three hosts share is none of them", r)
    b.ctl("host", "set", "web1", "--addr", "127.0.0.3"); b.ctl("host", "set", "web2", "--addr", "127.0.0.3")
    for name in ("127.0.0.1", f"127.0.0.1:{p}"):
        r = ssh(f"bench+root+{name}", "id -un")
        ok(r.stdout == "root\n" and b.sessions()[0]["host"] == "box", f"an address{' and its port' if ':' in name else ''}", r)
    b.ctl("host", "set", "web1", "--addr", "127.0.0.1"); b.ctl("host", "set", "web2", "--addr", "127.0.0.1")
    for words in (["--", "root@web1", "id -un"], ["root@front id -un"], ["--", "root+web1", "id", "-un"], ["  root@web1   id -un"]):
        r = ssh("bench", *words)
        ok(r.stdout == "root\n" and b.sessions()[0]["host"] == "web1", f"ssh bench@bastion {' '.join(words)}", r)
    r = ssh("bench", "--", "no@root@web1", "id")
    ok(refused(r, "denied", "no login no@root"), "the last @ ends the login", r)

    # What is not one host: a line without a terminal, the picker with one.
    r = ssh("bench+web", "true")
    ok(refused(r, "no-host", '2 hosts fit "web": name one of web1, web2'), "an ambiguous name: its candidates in one line", r)
    r = ssh("bench", "--", "root@web", "true")
    ok(refused(r, "no-host", "name one of web1, web2"), "the same by exec", r)
    r = ssh("bench+wbe1", "true")
    ok(refused(r, "no-host", 'there is no host "wbe1"; did you mean web1?'), "an unknown name", r)
    r = ssh("bench", "-s", "sftp"); r2 = ssh("bench+web", "-s", "sftp")
    ok(refused(r2, "no-host", "web1, web2"), "sftp to an ambiguous name", r, r2)
    r = subprocess.run(argv("bench+web", "-tt", "true"), capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
    ok(r.returncode == 255 and "[no-host]" in r.stderr + r.stdout, "a command with a terminal still gets the line, not the picker", r)
    shown, status = talk(argv("bench+daemon+web"), [("2 hosts fit", "\033[B"), ("connect", "\r"), ("exit status", "\003")], env=env)
    ok("1/2 of 4" in shown, "with a terminal: the picker, filtered by what was typed", shown)
    row = b.sessions()[0]
    ok((row["host"], row["login"], row["channel"]) == ("web2", "daemon", "shell"), "and the login that was asked for is taken without asking", row)
    shown, status = talk(argv("bench", "-t", "web"), [("2 hosts fit", "\r"), ("log in to web1 as", "\r"), ("# ", "echo in-$((1+1)); exit\n"), ("exit status", "\003")], env=env)
    ok("in-2" in shown and b.sessions()[0]["host"] == "web1" and b.sessions()[0]["login"] == "root", "ssh -t bench@bastion web: the same", shown, status)
    shown, status = talk(argv("bench+wbe1"), [("did you mean web1?", "\003")], env=env)
    ok("did you mean web1?" in shown and status == 0, "an unknown name opens it too", shown, status)
    shown, status = talk(["env", "TERM=dumb"] + argv("bench+web"), [("host> ", "q\n")], env=env)
    ok("web1" in shown and "web2" in shown and "box" not in shown.split("2 hosts fit")[1], "in plain lines on a dumb terminal", shown)

    # The same inside a jump, which has no words of its own.
    jump = "-o", "ProxyCommand=" + " ".join(argv("bench")[:-3] + ["-W", "%h:%p", "-l", "bench", "127.0.0.1"])
    def jumped(name, *words, more=(), login="root"):
        return ["ssh", "-F", "/dev/null", "-i", b.key, "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
                "-o", "LogLevel=ERROR", *jump, *more, "-l", login, name, *words]
    for name, parts in (("wbe1", ['there is no host "wbe1"; did you mean web1?']), ("web.fx", ['2 hosts fit "web": name one of web1, web2'])):
        r = subprocess.run(jumped(name, "true"), capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
        ok(refused(r, "no-host", *parts), f"a jump to {name}: told inside", r)
    r = subprocess.run(["sftp", "-q", "-b", "-", *jumped("wbe1")[1:-3], "root@wbe1"], capture_output=True, text=True, input="ls\n", timeout=60)
    ok(r.returncode == 255 and "did you mean web1?" in r.stderr, "by sftp", r)
    shown, status = talk(jumped("web", login="daemon"), [("2 hosts fit", "\033[B"), ("connect", "\r"), ("exit status", "\003")], env=env)
    row = b.sessions()[0]
    ok("1/2 of 4" in shown and (row["host"], row["login"], row["channel"]) == ("web2", "daemon", "shell"), "with a terminal: the picker", shown, row)
    r = subprocess.run(jumped("wbe1", "true", more=("-p", "2222")), capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
    ok(r.returncode == 255 and "Connection closed" in r.stderr, "another port of what is no host is refused at its opening", r)

    # Words of the bastion come before hosts, and no new host may take one.
    r = subprocess.run([f"{build}/fortress", "host", "add", "config", "127.0.0.1", "--trust-first-key"], env=b.env, capture_output=True, text=True)
    ok(r.returncode == 1 and "a word that the bastion answers itself" in r.stderr, "a host cannot be named like a verb", r)
    ok("config --known-hosts" in ssh("bench", "help").stdout, "help answers")

    # mosh's client asks for its server like this, with and without the line that prints where it came in.
    start = "mosh-server 'new' '-c' '256' '-s' '-l' 'LANG=C.UTF-8'"
    for user, words in (("bench", [start]), ("bench+box", [start]), ("bench+box", ["/usr/bin/" + start]), ("bench", ["box " + start]),
                        ("bench+box", ["""sh -c '[ -n "$SSH_CONNECTION" ] && printf "\\nMOSH SSH_CONNECTION %s\\n" "$SSH_CONNECTION"' ; """ + start])):
        r = ssh(user, *words)
        ok(refused(r, "no-mosh", "use ssh"), "mosh is refused in one sentence that says what to do", user, words, r)
    r = ssh("bench+box", "echo mosh-server new; echo MOSH")
    ok(r.stdout == "mosh-server new\nMOSH\n", "what only speaks of it is not", r)

    # What is no name.
    import paramiko, socket
    key = paramiko.Ed25519Key.from_private_key_file(b.key)
    hostile = [b"bench\0+box", b"bench\n+box", b"bench+\x1b]0;x\x07", b"bench+\xff\xfe", b"b" * 255, b"b" * 256, b"bench+" + b"h" * 250, b"", b"+", b"++",
               b"bench+", b"+box", b"bench++box", b"bench+a+b+c", b"bench:", b":box", b"bench@@box", b"bench##box", "bench+‮xob".encode(),
               b"bench+e-abcdefghijkmnpqr+e-abcdefghijkmnpqr", b"bench+root+e-abcdefghijkmnpqr", b"../../etc/passwd", b"$(id)", b"'; DROP TABLE user; --"]
    let_in = []
    for name in hostile:
        t = paramiko.Transport(socket.create_connection(("127.0.0.1", b.port)))
        t.auth_timeout = 2                # to a signature over another name there is no answer
        try:
            t.start_client(timeout=60); t.auth_publickey(name, key)
            let_in.append(name)
        except (paramiko.SSHException, EOFError, OSError): pass
        finally: t.close()
    # A mark that turns text around is part of an unknown host's name: in, but nowhere.
    ok(let_in == ["bench+‮xob".encode()], "names that are none let nobody in", let_in)
    ok(ssh("bench+box", "echo alive").stdout == "alive\n", "and the bastion lives")

    # A code that failed is not in the record.
    code = b.ctl("enroll", "zoe").strip()
    b.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{b.dir}/other")
    for name in (f"zoe+{code}", f"zoe+root+{code}", f"nobody+{code}+{code}", f"{code}+box", f"zoe@{code}@box"):
        t = paramiko.Transport(socket.create_connection(("127.0.0.1", b.port)))
        try: t.start_client(timeout=60); t.auth_interactive(name, lambda *a: [])
        except paramiko.SSHException: pass
        finally: t.close()
    ssh(f"bench+{code}", "true", key=f"{b.dir}/other"); ssh(f"bench+root+{code}", "true", key=f"{b.dir}/other")
    b.ctl("audit", "export", "-o", f"{b.dir}/pack")
    found = subprocess.run(["grep", "-rlaF", code, f"{b.dir}/pack", f"{b.dir}/fortress.log", f"{b.dir}/state/db"], capture_output=True, text=True).stdout
    ok(found == "", "a code that did not let in is nowhere in the clear", found)
    events = [json.loads(l) for l in open(f"{b.dir}/pack/events.jsonl", encoding="utf-8")]
    ok(any(e["actor"] == "zoe" and e["ok"] in (0, False) for e in events), "but its user is", [e for e in events if "zoe" in str(e)][:3])
    ok(sum("mosh was refused" in e["text"] and "mosh-server" in e["detail"] for e in events) == 5, "each mosh is a refusal in the record")
    ok(not any(ord(c) < 32 for e in events for c in e["text"] + e["actor"]), "and no control byte is in a sentence")
finally:
    b.stop()
end()
