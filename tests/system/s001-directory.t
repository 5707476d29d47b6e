#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the Fortress authors
"""Groups, attributes and labels: edited word by word, each change on the record with what was there before."""
import json, os, subprocess, sys

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", "build")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{top}/tests")
import tap
from tap import ok
tap.needs_bastion()
from bastion import Bastion

b = Bastion(build, "KernelAudit off\n")
def fortress(*args): return subprocess.run([f"{build}/fortress", *args], env=b.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
def rows(*args): return json.loads(fortress("--json", *args).stdout)
def one(name, *args): return next(r for r in rows(*args) if r["name"] == name)
def refused(words, *args):
    r = fortress(*args)
    ok(r.returncode in (1, 2) and words in r.stderr, "refused: fortress " + " ".join(args), r)

try:
    # --- groups ---
    b.ctl("group", "add", "ops", "--description", "On call"); b.ctl("group", "add", "dba")
    b.ctl("user", "add", "alice", "--group", "ops"); b.ctl("user", "add", "bob", "--group", "legacy")
    b.ctl("group", "join", "dba", "alice", "bob")
    ok(one("alice", "user", "list")["groups"] == ["ops", "dba"], "join adds a group", rows("user", "list"))
    ok(rows("group", "list") == [dict(name="dba", description="", declared=True, count=2, members=["alice", "bob"]),
                                 dict(name="legacy", description="", declared=False, count=1, members=["bob"]),
                                 dict(name="ops", description="On call", declared=True, count=1, members=["alice"])], "the list of groups", rows("group", "list"))
    refused("alice is in group dba: fortress group leave dba", "group", "del", "dba")
    b.ctl("group", "leave", "dba", "alice", "bob"); b.ctl("group", "del", "dba")
    ok("dba" not in [g["name"] for g in rows("group", "list")], "left by all it can be deleted", rows("group", "list"))
    refused("there is no group dba", "group", "del", "dba")
    refused("is there already: fortress group set changes it", "group", "add", "ops")
    refused("there is no group none", "group", "set", "none", "--description", "x")
    refused("nothing to change", "group", "set", "ops")
    refused("is not a name for groups", "group", "add", "a b")
    refused("there is no user carol", "group", "join", "ops", "carol")
    b.ctl("group", "set", "ops", "--description", "On call, all sites")
    b.ctl("group", "add", "storage"); r = fortress("user", "set", "bob", "--group", "storag")
    ok(r.returncode == 0 and "there is no group storag (did you mean storage?)" in r.stderr, "a group that may be mistyped is told", r)

    # --- attributes and labels ---
    b.ctl("user", "set", "alice", "--attr", "team=pay", "--attr", "site=hz")
    b.ctl("user", "attr", "alice", "team=web", "shift=day", "site-")
    ok(one("alice", "user", "list")["attributes"] == ["team=web", "shift=day"], "attributes are set and taken away one by one", rows("user", "list"))
    b.ctl("user", "set", "alice", "--display", "Alice")
    ok(one("alice", "user", "list")["attributes"] == ["team=web", "shift=day"], "and stay when something else changes", rows("user", "list"))
    refused("write KEY=VALUE", "user", "attr", "alice", "team"); refused("--attr team", "user", "set", "alice", "--attr", "team")
    refused("is not an attribute", "user", "attr", "alice", "te/am=x")
    refused("is missing", "user", "attr", "alice")
    b.ctl("host", "label", "box", "tier=db", "app=web")
    b.ctl("host", "label", "box", "env-", "tier=front")
    ok(one("box", "host", "list")["labels"] == ["app=web", "tier=front"], "labels too", rows("host", "list"))
    b.ctl("host", "label", "box", "app-", "tier-")
    ok(one("box", "host", "list")["labels"] == [] and one("box", "host", "list")["logins"] == ["root"], "to the last, and nothing else of the host", rows("host", "list"))
    refused("there is no host nowhere", "host", "label", "nowhere", "a=b")

    # --- many at once: nobody takes back what another has just done ---
    b.ctl("user", "add", "many")
    def at_once(*commands):
        p = [subprocess.Popen([f"{build}/fortress", *c], env=b.env, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for c in commands]
        return [(x.communicate(timeout=60)[1], x.returncode) for x in p]
    r = at_once(("user", "lock", "many"), *[("group", "join", f"g{i}", "many") for i in range(8)], *[("user", "attr", "many", f"a{i}=x") for i in range(4)])
    u = one("many", "user", "list")
    ok(all(code == 0 for _, code in r) and u["disabled"] and sorted(u["groups"]) == [f"g{i}" for i in range(8)] and len(u["attributes"]) == 4,
       "who is locked while others change groups and attributes stays locked, and is in all of them", u, r)
    r = at_once(*[("host", "label", "box", f"l{i}=x") for i in range(6)], ("host", "set", "box", "--login", "root", "--login", "ops"))
    h = one("box", "host", "list"); ok(all(code == 0 for _, code in r) and len([l for l in h["labels"] if l.startswith("l")]) == 6 and h["logins"] == ["root", "ops"], "hosts as well", h, r)
    b.ctl("user", "del", "many"); b.ctl("host", "label", "box", *[f"l{i}-" for i in range(6)])

    # --- on the record ---
    got = [e for e in b.events() if e["class"] == 3004]
    def change(words):
        e = [e for e in got if e["text"].endswith(words)]
        return [(d["before"], d["after"]) for d in (x["detail"] if isinstance(x["detail"], dict) else json.loads(x["detail"]) for x in e)]
    ok(change("changed group ops") == [({"name": "ops", "description": "On call"}, {"name": "ops", "description": "On call, all sites"})],
       "a group's change, before and after", change("changed group ops"))
    ok(change("added group dba")[0][0] is None and change("removed group dba")[0][1] is None, "added, removed", change("removed group dba"))
    ok(any(x.get("attrs") == "team=pay site=hz" and y.get("attrs") == "team=web shift=day" for x, y in change("changed user alice")), "attributes", change("changed user alice"))
    ok(any(x["labels"] == "env=bench" and "tier=db" in y["labels"] for x, y in change("changed host box")), "labels", change("changed host box"))
    b.bastion.terminate(); b.bastion.wait(20)
    b.bastion = subprocess.Popen([f"{build}/fortress", "serve"], env=b.env, stdin=subprocess.DEVNULL, stdout=b.log, stderr=b.log); b.procs[0] = b.bastion
    b.wait(lambda: fortress("status").returncode == 0)
    ok(one("ops", "group", "list")["description"] == "On call, all sites" and one("alice", "user", "list")["attributes"] == ["team=web", "shift=day"],
       "after a new start all is there", rows("group", "list"))
    r = fortress("audit", "export", "-o", f"{b.dir}/pack"); r = fortress("audit", "verify", f"{b.dir}/pack")
    ok(r.returncode == 0, "and the record fits what stands", r)
    r = fortress("audit", "verify", "--db"); ok(r.returncode == 0, "in the database too", r)
finally:
    b.stop()
tap.end()
