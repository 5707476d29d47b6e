#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""Whoever has the database file or an export, and what verify says of it: each forgery is one row of a table.  Of an export
contrib/verifier, which shares no line with us, has to say the same."""
import base64, glob, hashlib, json, os, re, shutil, sqlite3, subprocess, sys, zipfile

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
from tap import ok, needs_bastion, end
needs_bastion()
from bastion import Bastion
from wire import *
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

b = Bastion(build, "KernelAudit off\n")
A = ("127.0.0.1", b.port)
try:
    with Wire.connect(A, "bench+box", private_key(b.key)) as w:
        for i in range(3): w.run(f"echo session {i}; head -c 50000 /dev/zero")
        w.run("echo last")
    b.ctl("user", "add", "mallory"); b.ctl("user", "disable", "mallory"); b.ctl("user", "add", "gone")
    b.ctl("key", "add", "gone", f"{b.dir}/hk.pub"); b.ctl("user", "del", "gone"); b.ctl("user", "add", "gone"); b.ctl("enroll", "alice")
    b.wait_closed()
    early = f"{b.dir}/early"; b.ctl("audit", "export", "-o", early); shutil.copytree(f"{b.dir}/state/db", f"{b.dir}/yesterday")
    with Wire.connect(A, "bench+box", private_key(b.key)) as w: w.run("echo today")
    b.wait_closed()
    pack = f"{b.dir}/pack"; b.ctl("audit", "export", "-o", pack)
    one_session = next(s["id"] for s in b.sessions() if s["command"] == "echo last"); proof = f"{b.dir}/proof"
    b.ctl("audit", "prove", one_session, "--older", f"{early}/checkpoint", "-o", proof)
    b.bastion.terminate(); b.bastion.wait()
    state, public = f"{b.dir}/state", f"{b.dir}/state/keys/checkpoint_ed25519.pub"

    def verify(*args, state=state):
        r = subprocess.run([f"{build}/fortress", "audit", "verify", *args], env=dict(b.env, FORTRESS_STATE=state), capture_output=True, text=True, timeout=60)
        verify.status = r.returncode
        return r.returncode == 0, (r.stdout + r.stderr).strip()
    def forged(name, change, words, *args, status=6):
        """A copy of the state, changed; verify has to fail with this exit status, naming each of the words."""
        d = f"{b.dir}/forged"; shutil.rmtree(d, ignore_errors=True)
        os.makedirs(f"{d}/keys"); shutil.copytree(f"{state}/db", f"{d}/db")
        for f in glob.glob(f"{state}/keys/checkpoint*"): shutil.copy(f, f"{d}/keys")
        change(d)
        good, said = verify("--db", *args, state=d)
        ok(not good and verify.status == status and all(w in said for w in words) and said.count("\n") <= 1, f"{name}: {said.splitlines()[-1][:150] if said else ''}", verify.status, said)
    def sql(*statements):
        def change(d):
            c = sqlite3.connect(f"{d}/db/fortress.db", isolation_level=None)
            for (t,) in c.execute("SELECT name FROM sqlite_schema WHERE type='trigger'").fetchall(): c.execute(f"DROP TRIGGER {t}")
            for s in statements: c.execute(s)
            c.close()
        return change
    def flip(path, at=None):
        with open(path, "r+b") as f: f.seek(at if at is not None else os.path.getsize(path) // 2); x = f.read(1); f.seek(-1, 1); f.write(bytes([x[0] ^ 1]))
    good, said = verify("--db")
    ok(good and "yes" in said, "the database verifies", said)
    good, said = verify("--db", "--older", f"{pack}/checkpoint")
    ok(good, "and beside what was exported", said)
    one = "(SELECT id FROM session ORDER BY id LIMIT 1)"; two = "(SELECT id FROM session ORDER BY id LIMIT 1 OFFSET 1)"
    seg = sorted(glob.glob(f"{state}/db/rec-*.seg"))[0]; seg_name = os.path.basename(seg)

    # Rows.
    for column, value in (("text", "'nothing'"), ("ok", "1-ok"), ("actor", "'eve'"), ("t_us", "t_us+1"), ("src", "'10.0.0.1'"), ("detail", "'{}'"), ("severity", "0"), ("session", "'x'")):
        forged(f"an event's {column}", sql(f"UPDATE event SET {column}={value} WHERE id=7"), ("event 7", "changed"))
    for column, value in (("user", "'eve'"), ("host", "'other'"), ("login", "'x'"), ("command", "'true'"), ("src", "'10.0.0.1'"), ("rule", "'x'"), ("start_us", "start_us-1"), ("policy", "'x'"),
                          ("exit", "'9'"), ("reason", "'x'"), ("end_us", "end_us+1"), ("bytes", "bytes-1"), ("state", "'lost'")):
        forged(f"a session's {column}", sql(f"UPDATE session SET {column}={value} WHERE id={one}"), ("session", ))
    forged("a session that is open again", sql(f"UPDATE session SET state='open', close_leaf=NULL WHERE id={one}"), ("",))
    forged("an event taken out", sql("DELETE FROM event WHERE id=7"), ("leaf", "no row"))
    forged("the last event taken out", sql("DELETE FROM event WHERE id=(SELECT max(id) FROM event)"), ("leaf", "no row"))
    forged("a whole session taken out", sql(f"DELETE FROM segment WHERE session_id={one}", f"DELETE FROM event WHERE session=(SELECT hex(uuid) FROM session WHERE id={one})", f"DELETE FROM session WHERE id={one}"), ("leaf", "no row"))
    forged("two events swapped", sql("UPDATE event SET leaf=-leaf WHERE id IN (7,8)", "UPDATE event SET leaf=(SELECT -e.leaf FROM event e WHERE e.id=15-event.id) WHERE id IN (7,8)"), ("event",))
    forged("two recordings swapped", sql(f"CREATE TEMP TABLE s AS SELECT session_id, no, file, off, len FROM segment WHERE session_id IN ({one},{two})",
        f"UPDATE segment SET (off,len)=(SELECT s.off,s.len FROM s WHERE s.session_id=CASE segment.session_id WHEN {one} THEN {two} ELSE {one} END AND s.no=segment.no) WHERE session_id IN ({one},{two}) AND EXISTS (SELECT 1 FROM s WHERE s.session_id=CASE segment.session_id WHEN {one} THEN {two} ELSE {one} END AND s.no=segment.no)"), ("session",))
    # Bytes of recordings.
    n = os.path.getsize(seg)
    for at in (0, 4, 20, n // 2, n - 1): forged(f"a bit of the recordings, at {at}", lambda d: flip(f"{d}/db/{seg_name}", at), ("session",))
    forged("the recordings' tail", lambda d: os.truncate(f"{d}/db/{seg_name}", n - 100), ("session",))
    forged("the recordings' file", lambda d: os.unlink(f"{d}/db/{seg_name}"), ("session",))
    # The tree, and who signs it.
    def rehashed(d):                                   # an attacker who knows how leaves are made, but has no key
        sql("UPDATE event SET text='nothing' WHERE id=7")(d)
        said = verify("--db", state=d)[1]
        c = sqlite3.connect(f"{d}/db/fortress.db", isolation_level=None); leaf_no, = c.execute("SELECT leaf FROM event WHERE id=7").fetchone()
        rows = c.execute("SELECT level, n, h FROM tile WHERE level=0").fetchall(); per = 256
        for level, no, h in rows:
            if no * per <= leaf_no < no * per + len(h) // 32:
                at = (leaf_no - no * per) * 32; c.execute("UPDATE tile SET h=? WHERE level=0 AND n=?", (h[:at] + b"\7" * 32 + h[at + 32:], no))
        c.close()
    forged("a leaf made anew", rehashed, ("event",))
    forged("tiles of nothing", sql("UPDATE tile SET h=zeroblob(length(h))"), ("",))
    forged("a tree cut short", sql("UPDATE tree SET size=size-3"), ("leaf",))
    forged("a checkpoint's root", sql("UPDATE checkpoint SET root=zeroblob(32), note=replace(note, substr(note,20,5), 'AAAAA') WHERE size=(SELECT max(size) FROM checkpoint)"), ("signature",))
    def other_key(d):
        for f in glob.glob(f"{d}/keys/checkpoint*"): os.unlink(f)
        shutil.copy(public, f"{d}/keys"); t = open(f"{d}/keys/checkpoint_ed25519.pub").read(); name = t.split("+")[0]
        open(f"{d}/keys/checkpoint_ed25519.pub", "w").write(t[:-6] + ("AAAAA\n" if not t.endswith("AAAAA\n") else "BBBBB\n"))
    forged("another key", other_key, ("",), status=1)
    # The tail, and yesterday.
    def tail():
        def change(d):
            c = sqlite3.connect(f"{d}/db/fortress.db", isolation_level=None); sql()(d)
            size = int(open(f"{early}/checkpoint").read().splitlines()[1])
            for t, col in (("event", "leaf"), ("segment", "leaf"), ("session", "open_leaf")): c.execute(f"DELETE FROM {t} WHERE {col}>=?", (size,))
            c.execute("UPDATE session SET close_leaf=NULL, state='open' WHERE close_leaf>=?", (size,)); c.execute("DELETE FROM checkpoint WHERE size>?", (size,)); c.execute("UPDATE tree SET size=?", (size,))
            c.close()
        return change
    forged("the tail cut off at a checkpoint", tail(), ("tail was cut off",), "--older", f"{pack}/checkpoint")
    def yesterday(d): shutil.rmtree(f"{d}/db"); shutil.copytree(f"{b.dir}/yesterday", f"{d}/db")
    forged("yesterday's files", yesterday, ("older",), "--older", f"{pack}/checkpoint")
    def empty(d): shutil.rmtree(f"{d}/db"); os.makedirs(f"{d}/db")
    forged("no files at all", empty, ("no database",), status=1)
    # The directory: who may come in is on the record too.
    key_row = "INSERT INTO key SELECT 'bench', 'ssh-ed25519', x'0000000b7373682d65643235353139', 'backdoor', 1, 0"
    for name, s, words in (("a key put in", key_row, ("key", "bench")), ("a user put in", "INSERT INTO user(name,display,groups,disabled,created_us) VALUES('eve','','',0,1)", ("user eve",)), ("a group put in", "INSERT INTO usergroup VALUES('root','')", ("group root",)), ("a disabled user enabled", "UPDATE user SET disabled=0 WHERE name='mallory'", ("user mallory",)),
                           ("a user's groups", "UPDATE user SET groups='admins' WHERE name='bench'", ("user bench",)), ("a user taken out", "DELETE FROM user WHERE name='mallory'", ("mallory",)),
                           ("a key given to another", "UPDATE key SET user='mallory'", ("key",)), ("a key's end", "UPDATE key SET expires_us=9e15", ("key",)), ("a key taken out", "DELETE FROM key WHERE user='bench'", ("bench",)), ("a host's address", "UPDATE host SET addr='10.6.6.6' WHERE name='box'", ("host box",)),
                           ("a host's pinned key", "UPDATE host SET pins='' WHERE name='box'", ("host box",)), ("a host's labels", "UPDATE host SET labels='env=prod' WHERE name='box'", ("host box",)),
                           ("a host taken out", "DELETE FROM host WHERE name='box'", ("box",)), ("a code that never ends", "UPDATE code SET expires_us=9e15", ("alice",)), ("another code", "UPDATE code SET hash=zeroblob(32)", ("alice",)),
                           ("a code put in", "INSERT INTO code VALUES(zeroblob(32), 'bench', 9000000000000000)", ("bench",)), ("a second factor put in", "INSERT INTO factor VALUES('bench', zeroblob(49), 1, 1)", ("bench",)),
                           ("an older policy", "UPDATE policy_version SET body=x'7065726d6974'", ("policy",))):
        forged(name, sql(s), words)

    # What runs by itself: it would write what nobody did.
    back_door = "CREATE TRIGGER helper AFTER INSERT ON event BEGIN INSERT OR IGNORE INTO key SELECT 'bench', 'ssh-ed25519', x'0000000b7373682d65643235353139', 'backdoor', 1, 0; END"
    forged("a trigger put in", sql(back_door), ("trigger helper", "not ours"))
    forged("a trigger by the name of ours", sql(back_door.replace("helper", "event_no_update")), ("trigger event_no_update", "not ours"))
    forged("a table behind a view", sql("ALTER TABLE hold RENAME TO holds", "CREATE VIEW hold AS SELECT * FROM holds"), ("view hold", "not ours"))
    d = f"{b.dir}/forged"; shutil.copytree(f"{state}/db", f"{d}/db", dirs_exist_ok=True); sql(back_door)(d)
    for f in glob.glob(f"{state}/*.conf") + [f"{state}/keys"]: shutil.copytree(f, f"{d}/keys", dirs_exist_ok=True) if os.path.isdir(f) else shutil.copy(f, d)
    r = subprocess.run([f"{build}/fortress", "serve"], env=dict(b.env, FORTRESS_STATE=d), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    ok(r.returncode != 0 and "trigger helper is not ours" in r.stderr and sqlite3.connect(f"{d}/db/fortress.db").execute("SELECT count(*) FROM key WHERE comment='backdoor'").fetchone() == (0,),
       f"no bastion starts with it: {r.stderr[-200:]!r}", r.returncode)

    # Proofs for one session, and from an older checkpoint.
    lines = [json.loads(l) for l in open(proof)]; kinds = [l["kind"] for l in lines]
    good, said = verify(proof, "--key", public); ok(good and f"{len(lines) - 1}" in said and {"checkpoint", "open", "segment", "close", "event", "consistency"} == set(kinds), "a proof for one session, and that history is the same", said, kinds)
    def proof_forged(name, change, words):
        changed = json.loads(json.dumps(lines)); changed = change(changed) or changed
        with open(f"{b.dir}/forged-proof", "w") as f: f.write("".join(json.dumps(l, separators=(",", ":"), ensure_ascii=False) + "\n" for l in changed))
        good, said = verify(f"{b.dir}/forged-proof", "--key", public); ok(verify.status == 6 and words in said, f"proof: {name}: {said[:120]}", verify.status, said)
    for i, k in enumerate(kinds):
        if kinds.index(k) != i: continue
        def data(l): d = l[i]["data"]; n = re.search(r"\d", d).start(); l[i]["data"] = d[:n] + str((int(d[n]) + 1) % 10) + d[n + 1:]
        def leaf(l): l[i]["leaf"] += 1
        def path(l): l[i]["path"] = l[i]["path"][:-64] + "0" * 64
        def short(l): l[i]["path"] = l[i]["path"][:-65]
        proof_forged(f"another {k}", data, "")
        if k != "checkpoint": proof_forged(f"the {k} at another leaf", leaf, ""); proof_forged(f"another path of the {k}", path, ""); proof_forged(f"a shorter path of the {k}", short, "")
    proof_forged("nothing in it", lambda l: l[:1], "nothing"); proof_forged("no checkpoint", lambda l: l[1:] , "")
    good, said = verify(proof); ok(not good and "--key" in said, f"proof: without a key: {said[:100]}")
    for more in (("--older", early), ("--witness", public)):
        good, said = verify(proof, "--key", public, *more); ok(verify.status == 2 and more[0] in said, f"proof: {more[0]} is not passed over: {said.splitlines()[0][:100]}", verify.status)
    for name, words in ((one_session[:5], "more than one"), ("01zzzz", "no session"), ("x\x1b", "\\x1b")):
        r = subprocess.run([f"{build}/fortress", "audit", "prove", "--offline", name, "-o", f"{b.dir}/none"], env=b.env, capture_output=True, text=True)
        ok(r.returncode == 1 and words in r.stderr and not os.path.exists(f"{b.dir}/none"), f"no proof for whichever session: {r.stderr.strip()[:100]}", r.returncode, r.stderr)

    # Exports.
    def pack_forged(name, change, words, *args):
        d = f"{b.dir}/forged-pack"; shutil.rmtree(d, ignore_errors=True); shutil.copytree(pack, d)
        change(d)
        good, said = verify(d, "--key", public, *args)
        ok(verify.status == 6 and all(w in said for w in words), f"export: {name}: {said.splitlines()[-1][:150] if said else ''}", verify.status, said)
        if not args:
            r = subprocess.run([f"{build}/contrib/verifier/fortress-verify", d, public], capture_output=True, text=True)
            ok(r.returncode == 6 and r.stderr.startswith("BAD: "), f"its verifier: {name}: {r.stderr.strip()[:150]}", r.returncode, r.stdout, r.stderr)
    good, said = verify(pack, "--key", public, "--older", early)
    ok(good, "the export verifies, and begins with the earlier one", said)
    r = subprocess.run([f"{build}/contrib/verifier/fortress-verify", pack, public], capture_output=True, text=True)
    ok(r.returncode == 0 and r.stdout.startswith("good: "), f"the verifier of its own: {r.stdout.strip()}", r.returncode, r.stderr)
    r = subprocess.run(["cc", "-o", f"{b.dir}/alone", f"{top}/contrib/verifier/fortress-verify.c", "-lcrypto"], capture_output=True, text=True)
    ok(r.returncode == 0 and r.stderr == "", "it builds by the one line that it says, alone", r.stderr)
    recs = sorted(glob.glob(f"{pack}/recordings/*"), key=os.path.getsize)
    files = [os.path.relpath(f, pack) for f in glob.glob(f"{pack}/**", recursive=True) if os.path.isfile(f)]
    for f in files:
        if os.path.getsize(f"{pack}/{f}"): pack_forged(f"a bit of {f if 'recordings' not in f else 'a recording'}", lambda d, f=f: flip(f"{d}/{f}"), ("",))
        if f == "manifest.sig": continue
        pack_forged(f"without {f if 'recordings' not in f else 'a recording'}", lambda d, f=f: os.unlink(f"{d}/{f}"), ("",))
        pack_forged(f"{f if 'recordings' not in f else 'a recording'} cut short", lambda d, f=f: os.truncate(f"{d}/{f}", max(0, os.path.getsize(f"{d}/{f}") - 40)), ("",)) if os.path.getsize(f"{pack}/{f}") else None
    def swap(d): a, z = (f"{d}/recordings/{os.path.basename(r)}" for r in (recs[0], recs[-1])); os.rename(a, a + "x"); os.rename(z, a); os.rename(a + "x", z)
    pack_forged("two recordings swapped", swap, ("",))
    def extra(d): open(f"{d}/recordings/more.frames", "w").write("x")
    pack_forged("a file more", extra, ("more.frames",))
    def old_inside(d):
        for f in ("checkpoint", "leaves.txt"): shutil.copy(f"{early}/{f}", f"{d}/{f}")
    pack_forged("an earlier checkpoint and its leaves", old_inside, ("",))
    def older(d): shutil.rmtree(d); shutil.copytree(early, d)
    pack_forged("the earlier export in its place", older, ("older",), "--older", pack)
    def alone(name, status, words, *args):
        r = subprocess.run([f"{build}/contrib/verifier/fortress-verify", *args], capture_output=True, text=True)
        ok(r.returncode == status and words in r.stdout + r.stderr, f"its verifier: {name}: {(r.stdout + r.stderr).strip()[:150]}", r.returncode)
    alone("an earlier checkpoint belongs to it", 0, "good", pack, public, f"{early}/checkpoint")
    alone("the earlier export in its place", 6, "missing at the end", early, public, f"{pack}/checkpoint")
    bent = f"{b.dir}/bent"; text = open(f"{early}/checkpoint").read().split("\n"); text[1] = str(int(text[1]) - 1); open(bent, "w").write("\n".join(text))
    alone("a checkpoint that was bent", 6, "no good signature", pack, public, bent)
    alone("a checkpoint that is not there", 1, "missing", pack, public, f"{b.dir}/none"); alone("called otherwise", 2, "usage", pack)
    # Rows taken out, put in another order, and a whole session with all that it left: by each one's own check, before the manifest's.
    def lines_of(d, f, change):
        l = open(f"{d}/{f}").read().splitlines(True); l = change(l) or l; open(f"{d}/{f}", "w").write("".join(l))
    pack_forged("the last events taken out, with their leaves", lambda d: (lines_of(d, "events.jsonl", lambda l: l[:-2]), lines_of(d, "leaves.txt", lambda l: l[:-2])), ("",))
    pack_forged("two leaves swapped", lambda d: lines_of(d, "leaves.txt", lambda l: l[1::-1] + l[2:]), ("",))
    pack_forged("two events with each other's leaf", lambda d: lines_of(d, "events.jsonl", lambda l: [re.sub(r'"leaf":\d+', re.search(r'"leaf":\d+', l[1 - i])[0], x) if i < 2 else x for i, x in enumerate(l)]), ("event",))
    pack_forged("an event with two texts", lambda d: lines_of(d, "events.jsonl", lambda l: [l[0][:-2] + ',"text":"nothing happened"}\n'] + l[1:]), ("",))
    alone("other readers would see the other text", 6, "not a whole row", f"{b.dir}/forged-pack", public)
    def whole(d):
        gone = json.loads(open(f"{d}/sessions.jsonl").readline())["id"]
        for f in ("sessions.jsonl", "segments.jsonl", "events.jsonl"): lines_of(d, f, lambda l: [x for x in l if gone not in x])
        os.unlink(f"{d}/recordings/{gone}.frames")
    pack_forged("a whole session taken out", whole, ("",))
    # What its verifier says of each: by the check that is for it, not only by the manifest at the end.
    def edit(f, was, now): return lambda d: lines_of(d, f, lambda l: [re.sub(was, now, x, count=1) if i == 1 else x for i, x in enumerate(l)])
    for name, change, words in (("a row with a blank", edit("events.jsonl", ":", ": "), "not a whole row"), ("a NUL in a row", edit("events.jsonl", '"text":"', r'\g<0>\\u0000'), "not a whole row"),
                                ("a letter written otherwise", edit("events.jsonl", '"boot":"', r'\g<0>\\u0061'), "event"), ("nothing for nothing", edit("sessions.jsonl", '"[^"]*":""', '"x":'), "not a whole row"),
                                ("a session's user", edit("sessions.jsonl", '"user":"', r'\g<0>x'), "open"), ("a session's end", edit("sessions.jsonl", '"bytes":', r'\g<0>1'), "close"),
                                ("a segment's bytes", edit("segments.jsonl", '"pos1":', r'\g<0>1'), "segment"), ("a segment less", lambda d: lines_of(d, "segments.jsonl", lambda l: l[:-1]), "does not end"),
                                ("segments in another order", lambda d: lines_of(d, "segments.jsonl", lambda l: l[1:] + l[:1]), "does not"),
                                ("a recording's frame", lambda d: flip(f"{d}/recordings/{os.path.basename(recs[-1])}"), "recording"), ("a report", lambda d: flip(f"{d}/report.html"), "report.html was changed"),
                                ("a stranger's file", lambda d: open(f"{d}/x\033]0;y", "w").close(), "x?]0;y is no part")):
        d = f"{b.dir}/forged-pack"; shutil.rmtree(d, ignore_errors=True); shutil.copytree(pack, d); change(d); alone(name, 6, words, d, public)
    # By who has the key, too: an end that says of its recording what is not so.
    _, _, name, key_id, seed = open(f"{state}/keys/checkpoint_ed25519").read().strip().split("+", 4)
    signer = Ed25519PrivateKey.from_private_bytes(base64.b64decode(seed)[1:])
    def signed(text): return f"\u2014 {name} {base64.b64encode(bytes.fromhex(key_id) + signer.sign(text)).decode()}\n"
    def sha256(*parts): return hashlib.sha256(b"".join(parts)).digest()
    def root(leaves):
        if len(leaves) == 1: return leaves[0]
        half = 1 << (len(leaves) - 1).bit_length() - 1
        return sha256(b"\1", root(leaves[:half]), root(leaves[half:]))
    def signed_anew(d, leaves):
        body = f"{name}\n{len(leaves)}\n{base64.b64encode(root(leaves)).decode()}\n"
        open(f"{d}/checkpoint", "w").write(f"{body}\n{signed(body.encode())}"); open(f"{d}/leaves.txt", "w").write("".join(l.hex() + "\n" for l in leaves))
        listed_anew(d, "checkpoint", "leaves.txt", "sessions.jsonl")
    def listed_anew(d, *files):
        manifest = open(f"{d}/manifest.json").read()
        for f in files:
            data = open(f"{d}/{f}", "rb").read()
            manifest = re.sub(rf'("name":"{f}","size":)\d+(,"sha256":")[0-9a-f]+', rf"\g<1>{len(data)}\g<2>{sha256(data).hex()}", manifest)
        open(f"{d}/manifest.json", "w").write(manifest); open(f"{d}/manifest.sig", "w").write(signed(b"\0seal\n" + manifest.encode()))
    def end_of_another(d, change=lambda row: row.update(chain="0" * 64)):
        leaves, rows = [bytes.fromhex(l) for l in open(f"{d}/leaves.txt")], open(f"{d}/sessions.jsonl").read().splitlines(True)
        row = json.loads(rows[0]); change(row)
        fields = ["close", *(str(row[k]) for k in ("id", "end_us", "state", "reason", "exit", "bytes", "frames", "segments", "chain"))]
        leaves[row["close_leaf"]] = sha256(b"\0", "".join(f"{len(f.encode())}:{f}," for f in fields).encode())
        open(f"{d}/sessions.jsonl", "w").write("".join([json.dumps(row, separators=(",", ":"), ensure_ascii=False) + "\n", *rows[1:]])); signed_anew(d, leaves)
    pack_forged("the end of another recording, signed", end_of_another, ("recording", "end"))
    for f in ("events.jsonl", "sessions.jsonl"):
        def doubled(d): lines_of(d, f, lambda l: l[:1] + l); listed_anew(d, f)
        pack_forged(f"a row of {f} twice, signed", doubled, ("twice",))
    d = f"{b.dir}/resigned"; shutil.copytree(pack, d); end_of_another(d, lambda row: None); good, said = verify(d, "--key", public)
    ok(good, "what is signed anew as it was is good", said)
    d = f"{b.dir}/unsigned"; shutil.copytree(pack, d); os.unlink(f"{d}/manifest.sig"); good, said = verify(d, "--key", public)
    ok("not signed" in said, "export: one whose manifest is not signed says so", good, said)
    # As one file.  The same record makes the same bytes, wherever and in whatever time zone.
    for form in ("zip", "tar"):
        made = [f"{b.dir}/one.{form}", f"{b.dir}/two.{form}"]
        for path, zone in zip(made, ("UTC", "Asia/Shanghai")):
            b.run(f"{build}/fortress", "audit", "export", "--offline", "-o", path, env=dict(b.env, TZ=zone))
        good, said = verify(made[0], "--key", public)
        ok(good and open(made[0], "rb").read() == open(made[1], "rb").read() and not glob.glob(f"{b.dir}/*.partial*"), f"export: as {form} it verifies, and is the same again", said)
        raw, inside = open(made[0], "rb").read(), open(f"{pack}/events.jsonl", "rb").read(100)       # in a tar file what lies between two files is nobody's
        for at in (0, 30, raw.index(inside) + 50 if form == "tar" else len(raw) // 2):
            path = f"{b.dir}/bad.{form}"; shutil.copy(made[0], path); flip(path, at); good, said = verify(path, "--key", public)
            ok(verify.status == 6 or (at == 30 and good), f"export: a bit of its {form} file, at {at}: {said.splitlines()[-1][:120]}", verify.status, said)
        os.truncate(path, os.path.getsize(path) * 2 // 3); good, said = verify(path, "--key", public)
        ok(verify.status == 6, f"export: its {form} file cut short: {said.splitlines()[-1][:120]}", verify.status, said)
    def zip_forged(name, change, words):
        path = f"{b.dir}/bad.zip"
        with zipfile.ZipFile(f"{b.dir}/one.zip") as z: entries = [(i, z.read(i)) for i in z.namelist()]
        with zipfile.ZipFile(path, "w") as z:
            for n, data in change(entries): z.writestr(n, data)
        good, said = verify(path, "--key", public)
        ok(verify.status == 6 and words in said, f"export: zip: {name}: {said.splitlines()[-1][:120]}", verify.status, said)
    zip_forged("a file more", lambda f: f + [("recordings/more.frames", b"x")], "more.frames")
    zip_forged("a file outside", lambda f: f + [("../../etc/x", b"x")], "no part")
    zip_forged("a name with ESC", lambda f: f + [("\x1b]0;x\x07", b"x")], "\\x1b")
    zip_forged("without the last file", lambda f: [x for x in f if x[0] != "sessions.csv"], "sessions.csv is missing")
    zip_forged("an event changed", lambda f: [(n, d.replace(b"bench", b"bencH", 1) if n == "events.jsonl" else d) for n, d in f], "event ")
    open(f"{b.dir}/not.zip", "w").write("no archive at all\n" * 100); good, said = verify(f"{b.dir}/not.zip", "--key", public)
    ok(verify.status == 6 and said.count("\n") == 0, f"export: what is none: {said[-100:]}", verify.status)
    good, said = verify(f"{b.dir}/absent.zip", "--key", public)
    ok(verify.status == 1, f"export: what is not there: {said[-100:]}", verify.status)
    tar = f"{b.dir}/pack.tar"; b.run("tar", "--format=ustar", "-C", pack, "-cf", tar, "--transform=s,^\\./,,", "--exclude=./recordings/*", *[f"./{f}" for f in files if "recordings" not in f], *[f"recordings/{os.path.basename(r)}" for r in recs])
    good, said = verify(tar, "--key", public)
    ok(good, "export: as a tar file it verifies", said)
    other = f"{b.dir}/other"; os.makedirs(other); shutil.copy(f"{pack}/sessions.csv", other); flip(f"{other}/sessions.csv")
    b.run("tar", "--format=ustar", "-C", other, "-rf", tar, "sessions.csv")
    good, said = verify(tar, "--key", public)
    ok(not good and "twice" in said, f"export: a file that a tar file holds twice: {said[-120:]}", good, said)
    def endless(name):
        """A tar file's entry: one byte behind a hole of 1 EB."""
        number = lambda v: b"\x80" + v.to_bytes(11, "big")
        head = bytearray(512); head[0:len(name)] = name; head[100:116] = b"0000600\0" + b"0000000\0"; head[116:148] = b"0000000\0" + b"00000000001\0" * 2
        head[148:157] = b" " * 8 + b"S"; head[257:265] = b"ustar  \0"; head[386:398] = number(1 << 60); head[398:410] = number(1); head[483:495] = number((1 << 60) + 1)
        head[148:156] = b"%06o\0 " % sum(head)
        return bytes(head) + b"x".ljust(512, b"\0")
    most = [f for f in files if f != "report.html"]; b.run("tar", "--format=ustar", "-C", pack, "-cf", tar, *most)
    with open(tar, "r+b") as f:
        f.seek(sum((os.path.getsize(f"{pack}/{x}") + 511) // 512 * 512 + 512 for x in most)); f.write(endless(b"report.html") + bytes(1024)); f.truncate()
    try: good, said = verify(tar, "--key", public)
    except subprocess.TimeoutExpired: good, said = None, "no end"
    ok(good is False and verify.status == 6 and "report.html was changed" in said, f"export: a file of 1 EB in a small tar file: {said[-120:]}", verify.status, said)
    own = f"{b.dir}/own.pub"; t = open(public).read(); open(own, "w").write(t[:-6] + ("AAAAA\n" if t[-6:-1] != "AAAAA" else "BBBBB\n"))
    good, said = verify(pack, "--key", own)
    ok(not good, "export: against another key", said)
    open(own, "w").write("no key\n"); good, said = verify(pack, "--key", own)
    ok(verify.status == 1 and "not a checkpoint key" in said, f"export: by what is no key: {said[-100:]}", verify.status)
finally:
    b.stop()
end()
