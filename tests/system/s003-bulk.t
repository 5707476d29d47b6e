#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""The directory in bulk: out into a file, a plan, and all of it or nothing."""
import json, os, subprocess, sys

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
import tap
from tap import ok
from clients import Clients, need
need()

b = Clients(build)
def fortress(*args, stdin=None):
    return subprocess.run([f"{build}/fortress", *args], env=b.env, capture_output=True, text=True, timeout=60,
                          **({"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL}))
def rows(*args): return json.loads(fortress("--json", *args).stdout)
def one(name, *args): return next((r for r in rows(*args) if r["name"] == name), None)
file = f"{b.dir}/all.json"
def put(data): open(file, "w").write(data if isinstance(data, str) else json.dumps(data, indent=1))
def get(): return json.loads(fortress("directory", "export").stdout)
def bad(text, at, words, what):
    put(text); r = fortress("directory", "plan", file)
    ok(r.returncode == 1 and r.stderr.startswith(f"fortress: {file}:{at}: ") and words in r.stderr and r.stdout == "", what, r.stderr)
def refused(words, *args, **kw):
    r = fortress(*args, **kw); ok(r.returncode == 1 and words in r.stderr, words, r); return r
def keys(n):
    b.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"key {n}", "-f", f"{b.dir}/k{n}")
    return " ".join(open(f"{b.dir}/k{n}.pub").read().split()[:2])

try:
    hk = " ".join(open(f"{b.dir}/hk.pub").read().split()[:2])
    k1, k2 = keys(1), keys(2)

    # --- out and in again ---
    b.ctl("group", "add", "ops", "--description", 'On "call"\\'); b.ctl("user", "add", "alice", "--group", "ops", "--attr", "team=pay", "--expires", "90d")
    b.ctl("key", "add", "alice", f"{b.dir}/k1.pub", "--expires", "30d")
    r = fortress("directory", "export", "-o", file)
    ok(r.returncode == 0 and os.stat(file).st_mode & 0o777 == 0o600, "an export, for its owner alone", r)
    d = get()
    ok(list(d) == ["groups", "users", "keys", "hosts"] and [u["name"] for u in d["users"]] == ["alice", "bench"], "is JSON", d)
    r = fortress("directory", "plan", file); ok(r.stdout == "Nothing to change.\n" and r.returncode == 0, "a plan of an export changes nothing", r)
    r = fortress("directory", "apply", file); ok(r.stdout == "Nothing to change.\n" and r.returncode == 0, "nor does applying it", r)
    r = fortress("directory", "plan", "-", stdin="{}"); ok(r.stdout == "Nothing to change.\n", "nor does a file without sections", r)
    ok(rows("directory", "plan", file) == [], "and for a program there are no rows")

    # --- a plan ---
    d["groups"].append({"name": "dba"})
    d["users"] = [u for u in d["users"] if u["name"] != "alice"] + [{"name": "zoe", "display": "Zoé", "groups": ["dba"], "attributes": ["team=web"]}]
    d["keys"] = [k for k in d["keys"] if k["user"] != "alice"] + [{"user": "zoe", "key": k2 + " whatever", "comment": "laptop"}]
    d["hosts"] = [dict(h, labels=h["labels"] + ["tier=front"]) if h["name"] == "box" else h for h in d["hosts"]]
    d["hosts"].append({"name": "web1", "address": "10.0.0.1", "host_keys": [hk], "logins": ["root", "deploy"]})
    put(d)
    r = fortress("directory", "plan", file)
    want = ["- user alice", "+ group dba", '+ user zoe: display "Zoé", groups ["dba"], attributes ["team=web"]', f'+ key zoe {k2}: comment "laptop"',
            '~ host box: labels ["env=bench"] -> ["env=bench", "tier=front"]', f'+ host web1: address "10.0.0.1", logins ["root", "deploy"], host_keys ["{hk}"]']
    ok(r.returncode == 0 and r.stdout.splitlines()[:-1] == want, "a plan says what would be", r.stdout)
    ok("4 to add, 1 to change, 1 to remove.  Plan " in r.stdout, "and how much", r.stdout)
    plan = r.stdout.split()[-1]
    p = rows("directory", "plan", file)
    box = next(x for x in p if x["name"] == "box")
    ok(box["action"] == "change" and box["before"]["labels"] == ["env=bench"] and box["after"]["labels"] == ["env=bench", "tier=front"] and
       box["after"]["host_keys"] == [hk] and box["plan"] == plan, "for a program with all that was and would be", box)
    ok(one("zoe", "user", "list") is None and one("alice", "user", "list"), "and nothing is changed")

    # --- a stale one ---
    b.ctl("host", "label", "box", "extra=1")
    r = refused(f"plan {plan} is stale", "directory", "apply", file, "--plan", plan)
    ok(one("zoe", "user", "list") is None, "a stale plan changes nothing")
    b.ctl("host", "label", "box", "extra-")
    put(dict(d, groups=d["groups"] + [{"name": "more"}])); refused("is stale", "directory", "apply", file, "--plan", plan)
    put(d)

    # --- it is applied, while somebody works ---
    work = subprocess.Popen(b.argv("box", "cat"), stdin=subprocess.PIPE, stdout=subprocess.PIPE); b.procs.append(work)
    def echoes(): work.stdin.write(b"x\n"); work.stdin.flush(); return work.stdout.readline() == b"x\n"
    ok(echoes(), "a session"); b.mark()
    r = fortress("directory", "apply", file, "--plan", plan)
    ok(r.returncode == 0 and r.stdout == f"4 added, 1 changed, 1 removed.  Plan {plan}\n", "applied", r)
    ok(echoes(), "the session goes on")
    ok(one("zoe", "user", "list")["groups"] == ["dba"] and one("alice", "user", "list") is None, "users", rows("user", "list"))
    ok([(k["user"], k["comment"]) for k in rows("key", "list", "zoe")] == [("zoe", "laptop")], "keys", rows("key", "list"))
    ok(one("web1", "host", "list")["address"] == "10.0.0.1" and one("web1", "host", "list")["port"] == 22 and "tier=front" in one("box", "host", "list")["labels"], "hosts")
    texts = [e["text"] for e in b.audit(3004, 6)]
    ok(sorted(t.split(" ", 1)[1] for t in texts) == ["added a key of user zoe", "added group dba", "added host web1", "added user zoe", "changed host box", "removed user alice"],
       "each change is an event", texts)
    r = fortress("audit", "verify", "--db"); ok(r.returncode == 0, "and the record fits what stands", r)
    r = fortress("directory", "apply", file); ok(r.stdout == "Nothing to change.\n", "once more changes nothing", r)
    b.run("ssh-keygen", "-lf", f"{b.dir}/k2.pub")
    config = open(b.config).read().replace("User bench+box", "User zoe+box").replace(b.key, f"{b.dir}/k2")
    open(f"{b.dir}/czoe", "w").write(config)
    z = subprocess.run(["ssh", "-F", f"{b.dir}/czoe", "box", "true"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    ok(z.returncode == 255 and "DENY" in z.stderr, "a key of the file logs in, and the policy decides", z)

    # --- what is not said stays ---
    put({"hosts": [{"name": h["name"], "labels": h["labels"]} for h in get()["hosts"]]})
    ok(fortress("directory", "plan", file).stdout == "Nothing to change.\n", "members that are not said stay as they are", fortress("directory", "plan", file))
    put({"hosts": [{"name": "box", "labels": ["env=bench"], "trust_first_key": False}, {"name": "agent"}]})
    ok(fortress("directory", "plan", file).stdout.splitlines()[:-1] == ["- host web1", '~ host box: labels ["env=bench", "tier=front"] -> ["env=bench"]'], "rows that are not said go", fortress("directory", "plan", file).stdout)

    # --- all or nothing ---
    before = get()
    put({"hosts": before["hosts"] + [{"name": "w2", "address": "10.0.0.2", "host_keys": [hk]}, {"name": "w3", "address": "10.0.0.3", "host_keys": [hk], "aliases": ["box"]}]})
    line = next(i for i, l in enumerate(open(file).read().splitlines(), 1) if '"w3"' in l) - 1
    r = refused(f"{file}:{line}:3: host w3: alias box: there is a host of that name", "directory", "apply", file)
    ok(get() == before, "nothing of it is taken")
    put({"users": [{"name": "bench", "groups": ["a b"]}] + [u for u in before["users"] if u["name"] != "bench"]})
    refused("is not a name for groups", "directory", "apply", file); ok(get() == before, "nor of this")
    put({"keys": before["keys"] + [{"user": "nobody", "key": k1}]}); refused("there is no user nobody", "directory", "apply", file)
    put({"groups": []})
    refused("group dba cannot go: zoe is in group dba", "directory", "apply", file); ok(get() == before, "a group with people in it stays")
    put({"groups": [], "users": [dict(u, groups=[]) for u in before["users"]]})
    r = fortress("directory", "apply", file); ok(r.returncode == 0 and get()["groups"] == [], "unless they go in the same change", r)
    put(before); r = fortress("directory", "apply", file); ok(r.returncode == 0 and get() == before, "and back", r)

    # --- names that move from host to host ---
    put({"hosts": before["hosts"] + [{"name": "n1", "address": "10.0.1.1", "host_keys": [hk], "aliases": ["db", "old"]}, {"name": "n2", "address": "10.0.1.2", "host_keys": [hk]}]})
    fortress("directory", "apply", file)
    put({"hosts": before["hosts"] + [{"name": "n1", "aliases": ["second"]}, {"name": "n0", "address": "10.0.1.0", "host_keys": [hk], "aliases": ["db"]}, {"name": "n2", "aliases": ["third"]}, {"name": "old", "address": "10.0.1.3", "host_keys": [hk]}]})
    r = fortress("directory", "apply", file)
    ok(r.returncode == 0 and one("n0", "host", "list")["aliases"] == ["db"] and one("n1", "host", "list")["aliases"] == ["second"], "aliases move from host to host in one change", r)
    put({"hosts": before["hosts"] + [{"name": "n1", "aliases": ["third"]}, {"name": "n2", "aliases": ["second"]}, {"name": "n0"}, {"name": "old"}]})
    r = fortress("directory", "apply", file); ok(r.returncode == 0 and one("n1", "host", "list")["aliases"] == ["third"], "two are exchanged", r)
    put({"hosts": before["hosts"] + [{"name": "n1"}, {"name": "n2"}, {"name": "n0", "aliases": ["third"]}, {"name": "old"}]})
    refused("alias third: host n1 has it already", "directory", "apply", file)
    put(before); r = fortress("directory", "apply", file); ok(r.returncode == 0 and get() == before, "and away", r)

    # --- sessions of those who go end ---
    put({"users": [u for u in before["users"] if u["name"] != "bench"]})
    fortress("directory", "apply", file)
    try: ended = work.wait(10) is not None
    except subprocess.TimeoutExpired: ended = False
    ok(ended, "what is no longer allowed ends")
    ok(get()["keys"] == [k for k in before["keys"] if k["user"] != "bench"], "a user's keys go along", get()["keys"])
    put(before); fortress("directory", "apply", file)
    ok(b.on("box", "true").returncode == 0, "and everything is back")

    # --- the example ---
    example = f"{top}/contrib/examples/directory.json"
    r = fortress("directory", "plan", example)
    ok(r.returncode == 0 and "+ user bob: " in r.stdout and "- user bench" in r.stdout, "the example is a plan", r)
    there, more = get(), json.load(open(example))
    names = {k: {x.get("name") for x in more[k]} for k in more}
    put({k: more[k] + [x for x in there[k] if k == "keys" or x["name"] not in names[k]] for k in more})
    r = fortress("directory", "apply", file); ok(r.returncode == 0 and one("bob", "user", "list")["expires"].startswith("2031-01-31T18:00:00"), "and can be applied", r)

    # --- what is wrong with a file ---
    bad("", "1:1", "an object { } is expected here, not the end of the file", "an empty file")
    bad('{ "hosts": [\n  { "name": "a", "addres": "x" } ] }', "2:18", '"addres" is no member here; did you mean "address"?', "an unknown member")
    bad('{ "host": [] }', "1:3", 'did you mean "hosts"', "an unknown section")
    bad('{ "users": [], "users": [] }', "1:16", 'a second section "users"', "a section twice")
    bad('{ "users": [ { "name": "a", "name": "b" } ] }', "1:29", '"name" is said twice', "a member twice")
    bad('{ "users": [ { "name": "a" },\n { "name": "b" }, { "name": "a" } ] }', "2:19", "user a stands in line 1, too", "a row twice")
    bad('{ "users": [ { "display": "a" } ] }', "1:14", 'this user has no "name"', "a row without a name")
    bad('{ "users": [ { "name": "a b" } ] }', "1:24", "a name of 1 to 64", "a bad name")
    bad('{ "users": [ { "name": "a", "groups": "ops" } ] }', "1:39", "an array [ ] is expected here", "a string for a list")
    bad('{ "users": [ { "name": "a", "disabled": 1 } ] }', "1:41", "true or false is expected", "a number for a truth")
    bad('{ "users": [ { "name": "a", "expires": "soon" } ] }', "1:40", '"soon" is no time: write 2027-01-31', "a bad time")
    bad('{ "users": [ { "name": "a", "attributes": ["x"] } ] }', "1:44", "write KEY=VALUE", "a bad attribute")
    bad('{ "hosts": [ { "name": "a", "port": 70000 } ] }', "1:37", "a number from 0 to 65535", "a bad port")
    bad('{ "hosts": [ { "name": "a", "port": -1 } ] }', "1:37", "a number from 0 to 65535", "a negative one")
    bad('{ "hosts": [ { "name": "a" } ] }', "1:14", 'host a is new: say its "address"', "a new host without an address")
    bad('{ "hosts": [ { "name": "a", "address": "10.0.0.1" } ] }', "1:14", 'say its "host_keys"', "a new host without a key")
    bad('{ "hosts": [ { "name": "a", "host_keys": ["ssh-rsa xx"] } ] }', "1:43", "", "a bad host key")
    bad('{ "users": [ { "name": "a" } }', "1:30", "a comma or ]", "a bracket that is missing")
    bad('{ "users": [ { "name": "a" }, ] }', "1:31", "an object { } is expected", "a comma too many")
    bad('{ "users": [ { "name": "\\ud800" } ] }', "1:25", "is no character", "half a character")
    bad('{ "users": [ { "name": "a\\q" } ] }', "1:26", "an unknown escape", "an unknown escape")
    bad('{ "users": [ { "display": "a\nb" } ] }', "1:29", "a control byte in a string", "a string over two lines")
    bad('{ "users": [ { "display": "a', "1:27", "a string that does not end", "a string that does not end")
    bad('{ } x', "1:5", "the end of the file is expected here, not x", "something behind it")
    bad('[]', "1:1", "an object", "an array")
    open(file, "wb").write(b'{ "users": [ { "name": "a", "display": "\xff" } ] }'); r = fortress("directory", "plan", file)
    ok(r.returncode == 1 and ":1:40: a string that is not UTF-8" in r.stderr, "bytes that are no text", r)
    refused("No such file", "directory", "plan", f"{b.dir}/none")
    r = fortress("directory", "apply"); ok(r.returncode == 2 and "FILE" in r.stderr, "no file", r)
finally:
    b.stop()
tap.end()
