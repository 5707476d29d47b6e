#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""User certificates: made by ssh-keygen (and, where that will not lie, byte by byte), offered by the real client."""
import base64, os, shutil, signal, sqlite3, struct, subprocess, sys, tempfile

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import end, needs_bastion, ok, skip
needs_bastion()
if not shutil.which("openssl"): skip("no openssl")
from bastion import Bastion, talk
from screens import Screen
from terminal import until

d = tempfile.mkdtemp(prefix="fortress-ca-")
def run(*args, **kw):
    return subprocess.run(args, check=True, capture_output=True, stdin=subprocess.DEVNULL, cwd=d, **kw).stdout
def key(name, *kind):
    run("ssh-keygen", "-q", "-N", "", "-f", name, *(kind or ("-t", "ed25519")))
def blob(pub): return base64.b64decode(open(f"{d}/{pub}").read().split()[1])
def string(b): return struct.pack(">I", len(b)) + b

for name in ("ca", "ca-rsa", "ca-other", "ca-revoked", "user", "other", "revoked"):
    key(name, *(("-t", "rsa", "-b", "2048") if name == "ca-rsa" else ()))
run("openssl", "genpkey", "-algorithm", "ed25519", "-out", "made.pem")
made_ca = string(b"ssh-ed25519") + string(run("openssl", "pkey", "-in", "made.pem", "-pubout", "-outform", "DER")[-32:])
cas = [open(f"{d}/{c}.pub").read() for c in ("ca", "ca-rsa", "ca-revoked")] + \
      [f"ssh-ed25519 {base64.b64encode(made_ca).decode()} made by hand\n"]
open(f"{d}/cas", "w").write("# authorities\n\n" + "".join(cas))
def revoke(*names, spec=None):
    if spec is not None: open(f"{d}/spec", "w").write(spec)
    if os.path.exists(f"{d}/krl"): os.unlink(f"{d}/krl")
    run("ssh-keygen", "-q", "-k", "-f", "krl", *(("-s", "ca.pub", "spec") if spec is not None else ()), *(f"{x}.pub" for x in names))
revoke("revoked", "ca-revoked", spec="serial: 666\n")

# cert(...) leaves NAME and NAME-cert.pub for ssh -i.
count = 0
def cert(*options, ca="ca", user="user", names="alice", id="id", serial="7", valid="-1h:+1h"):
    global count
    count += 1; name = f"{d}/c{count}"
    shutil.copy(f"{d}/{user}", name); shutil.copy(f"{d}/{user}.pub", f"{name}.pub")
    run("ssh-keygen", "-q", "-s", ca, "-I", id, "-z", serial, "-V", valid, *(("-n", names) if names else ()), *options, f"{name}.pub")
    return name
def made(principals, ca=made_ca, type=1):
    global count
    count += 1; name = f"{d}/c{count}"
    shutil.copy(f"{d}/user", name); shutil.copy(f"{d}/user.pub", f"{name}.pub")
    body = string(b"ssh-ed25519-cert-v01@openssh.com") + string(b"nonce") + blob("user.pub")[15:] + struct.pack(">QI", 7, type) + \
        string(b"made") + string(b"".join(string(p) for p in principals)) + struct.pack(">QQ", 0, 2**64 - 1) + string(b"") * 3 + string(ca)
    open(f"{d}/body", "wb").write(body)
    sig = run("openssl", "pkeyutl", "-sign", "-inkey", "made.pem", "-rawin", "-in", "body")
    body += string(string(b"ssh-ed25519") + string(sig))
    open(f"{name}-cert.pub", "w").write(f"ssh-ed25519-cert-v01@openssh.com {base64.b64encode(body).decode()} x\n")
    return name

b = Bastion(build, f"KernelAudit off\nLoginGraceTime 5s\nMaxAuthTries 20\nTrustedUserCAKeys {d}/cas\nRevokedKeys {d}/krl\n", """permit alice any on env=bench as root id alice
role robots { cert:ci-release }
permit role robots exec on env=bench as root id robots
require mfa for somebody shell on env=bench
""")
env = dict(os.environ); env.pop("SSH_AUTH_SOCK", None)
def ssh(name, id, *more):
    return ["ssh", "-F", "/dev/null", "-i", id, "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no", "-o",
            "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-o", "BatchMode=yes", "-o", f"Port={b.port}", *more, f"{name}@127.0.0.1"]
def sub(args, **kw):
    return subprocess.run(args, capture_output=True, text=True, env=env, timeout=60, **({} if "input" in kw else {"stdin": subprocess.DEVNULL}), **kw)
def login(id, *more, name="alice+box", command="echo in"):
    return sub(ssh(name, id, *more) + ([command] if command else []))
def libssh(certificate, key):
    """The same by a client that offers anything."""
    return sub([f"{build}/tests/system/cert_client", str(b.port), "alice+box", f"{d}/{key}", certificate + "-cert.pub"])
def events(like):
    db = sqlite3.connect(f"file:{b.dir}/state/db/fortress.db?mode=ro", uri=True)
    rows = db.execute("SELECT text, detail FROM event WHERE text LIKE ? OR detail LIKE ? ORDER BY id DESC", (f"%{like}%",) * 2).fetchall()
    db.close()
    return rows
def event(like, seconds=5):
    """The store writes a little later than the client hears."""
    return until(lambda: events(like), seconds)
def good(what, id, *more, **kw):
    r = login(id, *more, **kw)
    ok((r.stdout, r.returncode) == ("in\n", 0), what, r, events("could not log in")[:3])
def refused(what, id, why, *more, by=login, **kw):
    """why stands in the event of this very certificate."""
    before = len(events(why))
    r = by(id, *more, **kw)
    until(lambda: len(events(why)) > before, 5)
    ok(r.returncode in (255, 1) and r.stdout in ("", "out\n") and len(events(why)) > before, f"{what}: {why}", r, events("could not log in")[:3])

try:
    b.ctl("user", "add", "alice"); b.ctl("user", "add", "bob")
    good("a certificate for alice", cert(id="alice's laptop", serial="41"))
    rows = event('"serial":"41"')
    ok(rows and "alice's laptop" in rows[0][1] and '"authority":"SHA256:' in rows[0][1] and '"principals":["alice"]' in rows[0][1],
       "the event names its id, serial, authority and principals", rows)
    good("of one among several principals", cert(names="bob,alice"))
    good("by an RSA authority, SHA-512", cert("-t", "rsa-sha2-512", ca="ca-rsa"))
    for kind in (("-t", "ecdsa", "-b", "256"), ("-t", "ecdsa", "-b", "521"), ("-t", "rsa", "-b", "2048")):
        key("kind" + "".join(kind), *kind)
        good("of a key " + " ".join(kind), cert(user="kind" + "".join(kind)))
    good("made by hand, so that others of that making fail for their own reason", made([b"alice"]))
    refused("another's", cert(names="bob"), '"alice" is not among its principals')
    r = libssh(cert(), "user"); ok(r.stdout == "in\n", "by another client", r)
    refused("a host's", cert("-h"), "not a user's", "user", by=libssh)
    refused("no principals", cert(names=None), "names no principal")
    refused("a comma in a principal", made([b"alice,root"]), "is not among its principals")
    refused("a comma before it", made([b"root,alice"]), "is not among its principals")
    refused("an unknown critical option", cert("-O", "critical:none@example.com=x"), "critical option none@example.com is unknown")
    refused("verify-required", cert("-O", "verify-required"), "cannot be honoured")
    refused("expired", cert(valid="-2h:-1h"), "it has expired")
    refused("not yet valid", cert(valid="+1h:+2h"), "it is not valid yet")
    refused("an authority that is not ours", cert(ca="ca-other"), "its authority is not trusted")
    chain = base64.b64decode(open(made([b"alice"]) + "-cert.pub").read().split()[1])
    refused("an authority that is a certificate", made([b"alice"], ca=chain), "signed by a certificate", "user", by=libssh)
    refused("signed with SHA-1", cert("-t", "ssh-rsa", ca="ca-rsa"), "not signed by its authority")
    refused("a revoked key", cert(user="revoked"), "it is revoked")
    refused("a revoked authority", cert(ca="ca-revoked"), "it is revoked")
    refused("a revoked serial", cert(serial="666"), "it is revoked")

    # Whom only the certificate knows.
    good("a robot whom the policy knows by a principal", cert(names="deploy,ci-release"), name="deploy+box")
    r = login(cert(names="deploy,ci-release"), name="deploy+box", command=None)
    ok(r.returncode == 255 and "robots" in r.stderr, "it may what the policy says of that principal, no more", r)
    refused("one whom the policy does not know", cert(names="deploy"), "names none of the certificate's principals", name="deploy+box")
    refused("a principal is no other user's name", cert(names="ci-release"), "is not among its principals", name="deploy+box")
    b.ctl("user", "add", "carol"); b.ctl("user", "disable", "carol")
    refused("a locked user", cert(names="carol,ci-release"), "this user is locked", name="carol+box")

    # What it permits.
    forced = cert("-O", "force-command=echo forced")
    r = [login(forced, command=c) for c in ("echo in", None)]
    ok([x.stdout for x in r] == ["forced\n"] * 2, "force-command runs whatever was asked for", r)
    ok(event("the certificate's command runs instead of exec echo in"), "what was asked for is on the record")
    r = sub(["sftp", "-q", "-b", "-", *ssh("x", forced)[1:-1], "alice+box@127.0.0.1"], input="pwd\n")
    ok(r.returncode != 0 and "Remote working directory" not in r.stdout, "sftp too", r)
    r = login(forced, name="alice", command="hosts")
    ok(r.returncode == 255 and "no host" in r.stderr and "box" not in r.stdout, "nor the bastion's own verbs", r)
    proxy = " ".join(ssh("alice", forced)[:-1] + ["-W", "%h:%p", "alice@127.0.0.1"])
    r = sub(["ssh", "-F", "/dev/null", "-i", forced, "-o", f"ProxyCommand={proxy}", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
                        "-o", "LogLevel=ERROR", "root@box", "echo in"])
    ok((r.stdout, r.returncode) == ("forced\n", 0), "and inside a jump", r)
    s = Screen(ssh("alice+box", cert(), "-tt")); s.type(b"echo be''gun\r")
    ok(s.until(b"begun"), "a session by another certificate", s.out)
    p = Screen(ssh("alice", forced, "-tt")); p.until(b"quit"); p.type(b"\x14"); p.until(b"root@box"); p.type(b"p")
    ok(p.until(b"for its own command alone") and b"paused" not in s.out, "one for a command alone holds up no sessions", p.out)
    p.close(); s.close()
    sftp = cert("-O", "force-command=internal-sftp")
    r = sub(["sftp", "-q", "-b", "-", *ssh("x", sftp)[1:-1], "alice+box@127.0.0.1"], input="pwd\n")
    ok(r.returncode == 0 and "Remote working directory" in r.stdout, "internal-sftp is sftp", r)
    r = login(sftp, command="echo in")
    ok("in" not in r.stdout, "and sftp alone", r)
    good("from its own address", cert("-O", "source-address=10.0.0.0/8,127.0.0.0/8"))
    refused("from another", cert("-O", "source-address=10.0.0.0/8,2001:db8::/32"), "not for use from this address")
    plain, bare = cert(), cert("-O", "clear")
    for id, want in ((plain, "yes"), (bare, "no")):
        out, rc = talk(ssh("alice+box", id, "-t") + ["test -t 0 && echo on a terminal"], [], env=env)
        ok(("on a terminal" in out, "PTY allocation request failed" in out) == (want == "yes", want == "no"), f"a terminal: {want}", out, rc)
        r = sub(ssh("alice+box", id, "-W", f"127.0.0.1:{b.sshd_port}"), input="")
        ok(("SSH-2.0" in r.stdout) == (want == "yes"), f"a forward: {want}", r)
        r = sub(ssh("alice", id, "-W", "box:22"), input="")
        ok(("SSH-2.0" in r.stdout) == (want == "yes"), f"a jump: {want}", r)
    ok(event("does not permit port forwarding"), "which is on the record")

    # Possession: the certificate is shown, another key signs.
    r = libssh(plain, "other")
    ok(r.stdout == "out\n" and r.returncode == 1, "a certificate with another key's signature", r)

    # A certificate is never a key.
    r = subprocess.run([f"{build}/fortress", "key", "add", "bob", plain + "-cert.pub"], capture_output=True, text=True, env=b.env, timeout=60)
    ok(r.returncode == 1 and "that is a certificate" in r.stderr, "it cannot be bound", r)
    r = subprocess.run(ssh("alice", plain) + ["keys add"], input=open(f"{d}/other.pub").read(), capture_output=True, text=True, env=env, timeout=60)
    ok(r.returncode != 0 and "a login by certificate changes no keys" in r.stderr and "ssh-" not in b.ctl("key", "list", "alice"),
       "nor can its user bind a key that would outlive it", r)
    code = b.ctl("enroll", "dave").strip()
    r = login(cert(user="other", names="dave"), name=f"dave+{code}+box")
    rows = b.ctl("key", "list", "dave")
    ok("ssh-ed25519 " in rows and "cert" not in rows, "a code binds the key behind it", r, rows)

    # A live connection: revoked, it ends.
    master = ssh("alice+box", plain, "-o", f"ControlPath={d}/ctl")
    m = subprocess.Popen(master[:-1] + ["-MN", master[-1]], stdin=subprocess.DEVNULL, env=env, stderr=subprocess.DEVNULL); b.procs.append(m)
    b.wait(lambda: os.path.exists(f"{d}/ctl"))
    r = login(plain, "-o", f"ControlPath={d}/ctl"); ok(r.stdout == "in\n", "a channel of a live connection", r)
    revoke("ca-revoked", spec="serial: 7\n")
    before = len(events("RevokedKeys was loaded")); os.kill(b.bastion.pid, signal.SIGHUP)
    b.wait(lambda: len(events("RevokedKeys was loaded")) > before)
    try: ended = m.wait(8) is not None
    except subprocess.TimeoutExpired: ended = False
    ok(ended and any("it is revoked" in e for e in map(str, event("the connection of alice ends"))), "revoked meanwhile: the connection ends", events("the connection of"))
    good("a key that is revoked no more", cert(user="revoked", serial="8"))
    open(f"{d}/krl", "w").write("no list at all\n"); os.kill(b.bastion.pid, signal.SIGHUP)
    ok(event("RevokedKeys was not loaded"), "a list that is none is on the record")
    refused("and the old one holds", plain, "it is revoked")
    os.chmod(f"{d}/cas", 0o666); os.kill(b.bastion.pid, signal.SIGHUP)
    ok(event("others may write it"), "authorities that anybody may write are not taken")
    good("and the old ones hold", cert(serial="9"))
    # A file that is missing, and a first list that is none.
    open(f"{d}/conf", "w").write("TrustedUserCAKeys /proc/none/cas\n")
    r = subprocess.run([f"{build}/fortress", "serve", "-t", "-f", f"{d}/conf"], capture_output=True, text=True, env=b.env, timeout=60)
    ok(r.returncode == 1 and "/proc/none/cas: No such file" in r.stderr, "a file that is missing is no configuration", r)
    b.stop()
    b = Bastion(build, f"KernelAudit off\nRevokedKeys {d}/krl\n")
    r = sub(b.ssh("fortress", "-o", "BatchMode=yes") + ["echo in"])
    ok(r.returncode == 255 and event("cannot be read, so no key is good"), "without knowing what is revoked no key is good", r)
    revoke(); os.kill(b.bastion.pid, signal.SIGHUP); event("RevokedKeys was loaded")
    r = sub(b.ssh("fortress", "-o", "BatchMode=yes") + ["echo in"]); ok(r.stdout == "in\n", "once it is mended they are", r)
    shutil.copy(f"{b.key}.pub", f"{d}/bench.pub"); revoke("bench"); before = len(events("RevokedKeys was loaded"))
    os.kill(b.bastion.pid, signal.SIGHUP); b.wait(lambda: len(events("RevokedKeys was loaded")) > before)
    r = sub(b.ssh("fortress", "-o", "BatchMode=yes") + ["echo in"])
    ok(r.returncode == 255 and event("this key is revoked"), "a plain key that is revoked", r)
finally:
    b.stop()
    shutil.rmtree(d, ignore_errors=True)
end()
