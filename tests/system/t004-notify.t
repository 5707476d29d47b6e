#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""require notify: a webhook in the form of Standard Webhooks, signed, tried again; syslog; nobody waits for either; break-glass."""
import base64, hashlib, hmac, http.server, json, os, shutil, signal, socket, subprocess, sys, tempfile, threading, time

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
import tap
from tap import ok
from clients import Clients, need
from terminal import until
need()

KEY = os.urandom(32)
got, answer, lock = [], [200], threading.Lock()
class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        with lock: got.append((dict((k.lower(), v) for k, v in self.headers.items()), body)); status = answer.pop(0) if len(answer) > 1 else answer[0]
        self.send_response(status); self.send_header("Location", "/elsewhere"); self.send_header("Content-Length", "0"); self.end_headers()
    def log_message(self, *args): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
threading.Thread(target=server.serve_forever, daemon=True).start()
hole = socket.socket(); hole.bind(("127.0.0.1", 0)); hole.listen(1)                # takes connections and says nothing

POLICY = """role breakglass { bench }
deny any exec on env=bench unless role breakglass reason "change freeze" id freeze
permit bench,other exec on env=bench as root id work
require notify pager for role breakglass exec on env=bench id broken
require notify log for role breakglass exec on env=bench id logged
require notify deaf for role breakglass exec on env=bench id unheard
require notify nobody for any exec on name ~ "agent" id missing
"""
tmp = tempfile.mkdtemp(prefix="fortress-notify-"); os.chmod(tmp, 0o755)
with open(f"{tmp}/key", "w") as f: os.chmod(f"{tmp}/key", 0o600); f.write("whsec_" + base64.b64encode(KEY).decode() + "\n")
log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); log.bind(f"{tmp}/log"); os.chmod(f"{tmp}/log", 0o666); log.settimeout(60)
b = Clients(build, conf=f"""NotifySink pager webhook http://127.0.0.1:{server.server_port}/hook {tmp}/key
NotifySink log syslog {tmp}/log
NotifySink deaf webhook http://127.0.0.1:{hole.getsockname()[1]}/ {tmp}/key
""", policy=POLICY)

def signed(head, body):
    mac = hmac.new(KEY, f"{head['webhook-id']}.{head['webhook-timestamp']}.".encode() + body, hashlib.sha256).digest()
    return head["webhook-signature"] == "v1," + base64.b64encode(mac).decode()

try:
    start = time.monotonic(); r = b.on("box", "echo $((40+2))")
    ok((r.stdout, r.returncode) == (b"42\n", 0) and time.monotonic() - start < 30, "break-glass: in, at once", r)
    ok(until(lambda: len(got) > 0), "the webhook is called")
    head, body = got[0]; data = json.loads(body)
    ok(signed(head, body) and abs(int(head["webhook-timestamp"]) - time.time()) < 60 and head["content-type"] == "application/json", "signed as Standard Webhooks has it", head)
    ok(head["webhook-id"].startswith("msg_") and data["type"] == "fortress.decision" and data["data"]["user"] == "bench" and data["data"]["host"] == "box"
       and data["data"]["requirement"] == "broken" and data["data"]["command"] == "echo $((40+2))" and data["data"]["rule"] == "work", "it says who does what where, by which rule", data)
    line = log.recv(4096).decode()
    ok(line.startswith("<81>fortress: log: bench: exec on box as root, by work"), "syslog hears it, as an alert", line)
    e = b.query("select severity, text from event where class=3003 and ok=1 order by id desc limit 1")
    ok(e and e[0]["severity"] == 4 and "bench may exec on box" in e[0]["text"], "on the record it is of high severity", e)
    shown = b.ctl("audit", "ls")
    ok("bench may exec on box" in shown and "notify pager" in shown, "and audit ls says who is told", shown[-600:])
    # --- again ---
    with lock: got.clear(); answer[:] = [500, 302, 200]
    r = b.on("box", "true"); ok(r.returncode == 0, "a sink that fails holds nobody up", r)
    ok(until(lambda: len(got) >= 3, 40), "and is tried again", len(got))
    ok(len({h["webhook-id"] for h, _ in got}) == 1 and all(signed(h, x) for h, x in got) and all(x == got[0][1] for _, x in got), "with the same id and body, signed anew", got)
    # --- what is not there ---
    r = b.on("agent", "true")
    ok(r.returncode == 255 and b"no NotifySink of that name" in r.stderr, "a sink that is not configured is no permit, in words", r)
    r = subprocess.run([f"{build}/fortress", "policy", "explain", "bench", "exec", "agent"], env=b.env, capture_output=True, text=True)
    ok(r.returncode == 1 and "no NotifySink of that name" in r.stdout, "policy explain says so, too", r)
    # --- its process ---
    pid = b.child("notify")
    status = open(f"/proc/{pid}/status").read()
    ok("Seccomp:\t2" in status and "CapEff:\t0000000000000000" in status and "\nUid:\t0\t" not in status, "it runs without rights", status)
    with lock: got.clear(); answer[:] = [200]
    os.kill(pid, signal.SIGKILL)
    ok(until(lambda: [p for p, n in b.children().items() if n.startswith("notify") and p != pid]), "killed, it is started again")
    until(lambda: b.on("box", "true").returncode == 0)
    def told():
        b.on("box", "true"); return len(got) > 0
    ok(until(told), "and tells again")
    for text, why in (("pager webhook ftp://x/ /k", "write NAME webhook https"), ("pager", "write NAME webhook URL KEYFILE"), (f"pager webhook http://x/ {tmp}/log2", "No such file")):
        p = subprocess.run([f"{build}/fortress-notify", "--sink", text], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        ok(p.returncode == 1 and why in p.stderr, f"a sink that is none: {text.split()[-1]}", p)
finally:
    b.stop()
    shutil.rmtree(tmp)
tap.end()
