#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""Outside anchors: a witness signs only what continues what it saw; whoever has the bastion, its key and its database cannot make it sign
another history, and what it signed shows a database that was put back."""
import json, os, re, shutil, socket, subprocess, sys, tempfile, urllib.error, urllib.request

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import ok, needs_bastion, skip, end
needs_bastion()
if not os.path.exists("/usr/bin/curl"): skip("no curl")
from bastion import Bastion

where = tempfile.mkdtemp(prefix="fortress-syslog-"); os.chmod(where, 0o755)
syslog = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); syslog.bind(f"{where}/log"); os.chmod(f"{where}/log", 0o666); syslog.settimeout(60)
b = Bastion(build, f"KernelAudit off\nCheckpointSyslog {where}/log\nCheckpointFile {where}/file\n")
def fortress(*args, env=None): return subprocess.run([f"{build}/fortress", *args], env=env or b.env, capture_output=True, text=True)
def work(n=1):
    for i in range(n): subprocess.run([*b.ssh("fortress"), f"echo {i}"], stdin=subprocess.DEVNULL, capture_output=True)
    b.wait_closed()
    b.ctl("audit", "export", "-o", f"{b.dir}/p"); shutil.rmtree(f"{b.dir}/p")           # signs now
def witness(name, *logs):
    p = subprocess.Popen([sys.executable, f"{top}/contrib/witness/fortress-witness", "--state", f"{b.dir}/{name}", "--name", name, "--listen", "127.0.0.1:0",
                          *[w for l in logs for w in ("--log", l)]], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    b.procs.append(p); return p, "http://" + p.stdout.readline().strip().rsplit(" ", 1)[1]
def post(url, body, path="/add-checkpoint"):
    try:
        with urllib.request.urlopen(urllib.request.Request(url + path, data=body.encode()), timeout=10) as r: return r.status, r.read().decode()
    except urllib.error.HTTPError as e: return e.code, e.read().decode()
def start():
    b.bastion = subprocess.Popen([f"{build}/fortress", "serve"], env=b.env, stdin=subprocess.DEVNULL, stdout=b.log, stderr=b.log); b.procs.append(b.bastion)
    b.wait(lambda: fortress("status").returncode == 0)

public, db = f"{b.dir}/state/keys/checkpoint_ed25519.pub", f"{b.dir}/state/db"
try:
    work(); p, url = witness("guard", public); key = f"{b.dir}/guard/witness.pub"
    r = fortress("--json", "audit", "witness", url, "--key", key); first = json.loads(r.stdout or "{}")
    ok(r.returncode == 0 and first["witness"] == "guard" and first["leaves"] > 0, "a witness signs the first checkpoint", r.stdout, r.stderr)
    kept = first["path"]; note = open(kept).read()
    ok(note.count("\u2014 ") == 2 and "\u2014 guard " in note, "it is kept as a note with two signatures", note)
    shutil.copytree(db, f"{b.dir}/yesterday")
    work(3); r = fortress("--json", "audit", "witness", url, "--key", key); ok(r.returncode == 0 and json.loads(r.stdout)["leaves"] > first["leaves"], "and the next, which continues it", r.stderr)
    r = fortress("audit", "witness", url, "--key", key); ok(r.returncode == 0, "and the same again", r.stderr)
    shutil.copy(kept, f"{b.dir}/cosigned"); os.unlink(kept)
    r = fortress("audit", "witness", url, "--key", key); ok(r.returncode == 0 and os.path.exists(kept), "one who has forgotten where it was is told by the witness", r.stderr)
    r = fortress("audit", "verify", "--db", "--older", kept, "--witness", key); ok(r.returncode == 0, "the database verifies beside it", r.stderr)
    # In syslog, and in a file.
    said = []
    syslog.setblocking(False)
    while True:
        try: said.append(syslog.recv(8192).decode())
        except BlockingIOError: break
    ok(len(said) > 2 and all(re.fullmatch(r"<85>fortress: checkpoint (\S+) (\d+) (\S{44}) (\u2014 \S+ \S+)", l) for l in said), f"syslog hears of {len(said)} checkpoints, a line each", said[:2])
    origin, size, root, sig = re.match(r"<85>fortress: checkpoint (\S+) (\d+) (\S+) (.*)", said[-1]).groups(); open(f"{b.dir}/heard", "w").write(f"{origin}\n{size}\n{root}\n\n{sig}\n")
    r = fortress("audit", "verify", "--db", "--older", f"{b.dir}/heard"); ok(r.returncode == 0, "the database verifies beside what was heard", r.stderr)
    ok(open(f"{where}/file").read().count("\u2014 ") == len(said), "and the file has as many")
    syslog.close(); os.unlink(f"{where}/log"); work(); b.wait(lambda: "cannot be written" in open(f"{b.dir}/fortress.log").read()); ok(subprocess.run([*b.ssh("fortress"), "echo on"], stdin=subprocess.DEVNULL, capture_output=True).stdout == b"on\n", "a syslog that is gone is said in the log, and stops nobody")
    syslog = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); syslog.bind(f"{where}/log"); os.chmod(f"{where}/log", 0o666)
    # Directly, by its protocol.
    text, sigs = note.split("\n\n", 1); head, size = text.split("\n"), int(text.split("\n")[1])
    log_sig = [l for l in sigs.split("\n") if "guard" not in l and l][0]
    for name, body, status in (("no request at all", "x", 400), ("a size that is no number", f"old x\n\n{note}", 400), ("old beyond the checkpoint", f"old {size + 1}\n\n{note}", 400), ("old before what was seen", f"old 0\n\n{note}", 409),
                               ("another origin", f"old 0\n\nother\n{size}\n{head[2]}\n\n{log_sig}\n", 404), ("a size that was not signed", f"old {size}\n\n{head[0]}\n{size + 1}\n{head[2]}\n\n{log_sig}\n", 403),
                               ("no signature", f"old {size}\n\n{text}\n\n", 403), ("a proof of bad hashes", f"old {size}\nAAAA\n\n{note}", 400), ("64 hashes", f"old {size}\n" + ("A" * 43 + "=\n") * 64 + f"\n{note}", 400)):
        got, said = post(url, body); ok(got == status, f"witness: {name}: {got} {said.strip()[:60]}", got, said)
    got, said = post(url, "old 0\n\n" + note); ok(got == 409 and int(said) > size, "with how far it has come", said)
    ok(post(url, "x", "/other")[0] == 404 and post(url, "x" * 70000)[0] == 400, "other paths and large requests are refused")
    p.terminate(); p.wait(); q, url = witness("guard", public)
    got, said = post(url, "old 0\n\n" + note); ok(got == 409 and int(said) > size, "it remembers over a restart", said)
    # Keys that are not its own.
    o, other = witness("other", public)
    r = fortress("audit", "witness", other, "--key", key); ok(r.returncode == 6 and "without a good signature" in r.stderr, "another witness under its name is not believed", r.stderr)
    r = fortress("audit", "verify", "--db", "--older", kept, "--witness", f"{b.dir}/other/witness.pub"); ok(r.returncode == 6 and "has not signed" in r.stderr, "nor is what another did not sign", r.stderr)
    for args, words in (((url,), "--key"), (("ftp://x", "--key", key), "http://"), ((url, "--key", public), "kind 4"), (("http://127.0.0.1:1", "--key", key), "cannot be reached")):
        r = fortress("audit", "witness", *args); ok(r.returncode in (1, 2) and words in r.stderr, f"audit witness {args[0][:20]}: {r.stderr.strip().splitlines()[-1][:110]}", r.returncode, r.stderr)
    # Whoever has the bastion.
    b.bastion.terminate(); b.bastion.wait(); shutil.copytree(db, f"{b.dir}/today")
    shutil.rmtree(db); shutil.copytree(f"{b.dir}/yesterday", db)
    r = fortress("audit", "verify", "--db", "--older", f"{b.dir}/cosigned", "--witness", key); ok(r.returncode == 6 and "older" in r.stderr, f"yesterday's database: {r.stderr.strip()[:100]}", r.returncode)
    r = fortress("audit", "witness", url, "--key", key); ok(r.returncode == 6 and "put back" in r.stderr, f"the witness sees it too: {r.stderr.strip()[:120]}", r.returncode)
    start(); work(6); b.bastion.terminate(); b.bastion.wait()                  # yesterday's, with another day on it, signed by the right key
    r = fortress("audit", "witness", url, "--key", key); ok(r.returncode == 6 and "422" in r.stderr, f"and another history that grew from it: {r.stderr.strip()[:120]}", r.returncode)
    r = fortress("audit", "verify", "--db", "--older", f"{b.dir}/cosigned", "--witness", key); ok(r.returncode == 6 and "history" in r.stderr, f"verify as well: {r.stderr.strip()[:120]}", r.returncode)
    shutil.rmtree(db); start(); work(8); b.bastion.terminate(); b.bastion.wait()
    r = fortress("audit", "witness", url, "--key", key); ok(r.returncode == 6, f"a database begun anew: {r.stderr.strip()[:120]}", r.returncode, r.stdout)
    shutil.rmtree(db); shutil.copytree(f"{b.dir}/today", db); r = fortress("audit", "witness", url, "--key", key); ok(r.returncode == 0, "the true one goes on", r.stderr)
finally:
    b.stop(); shutil.rmtree(where, ignore_errors=True)
end()
