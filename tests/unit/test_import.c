/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Other programs' files: what is read out of them, and that every mistake is named by its place. */
#include <stdio.h>
#include <string.h>

#include "ctl/import.h"
#include "tests/tap.h"

typedef int read_fn(struct import *im, struct slice text);

/* "name addr:port logins labels aliases | note", a line each, or the error. */
static const char *
render(read_fn *read, const char *text, size_t n)
{
	static char out[16384];
	struct slice s = slice_of(text, n);
	struct err e = { 0 };
	struct import im;
	size_t at = 0;
	int r;

	import_init(&im, "f", &e);
	r = import_check_text(&im, &s);
	if (r == 0)
		r = read(&im, s);
	if (r == 0)
		r = import_check_names(&im);
	out[0] = '\0';
	for (struct import_host *h = im.first; r == 0 && h != NULL; h = h->next)
		at += (size_t)snprintf(out + at, sizeof(out) - at, "%s%s %s:%u l=%s %s a=%s%s%s\n", h->fate == IMPORT_SKIP ? "SKIP " : "", h->name,
		    h->addr, h->port, buf_cstr(&h->logins), buf_cstr(&h->labels), buf_cstr(&h->aliases), h->note.len > 0 ? " | " : "",
		    buf_cstr(&h->note));
	if (r == 0 && im.notes.len > 0)
		(void)snprintf(out + at, sizeof(out) - at, "%s", buf_cstr(&im.notes));
	if (r != 0)
		(void)snprintf(out, sizeof(out), "%s", e.text);
	import_done(&im);
	return out;
}

struct test { const char *text, *want; };

static void
run(read_fn *read, const struct test *tests, size_t n, const char *what)
{
	for (size_t i = 0; i < n; i++)
		is(render(read, tests[i].text, strlen(tests[i].text)), tests[i].want, what);
}

static void
test_ssh_config(void)
{
	static const struct test tests[] = {
		{ "# my hosts\n\nHost web1 w1 web1.example.org\n\tHostName 10.0.0.1\n\tUser deploy\n\tPort 2222\n\tIdentityFile ~/.ssh/id\n\n"
		  "Host db-* !db-9\n    User postgres\n\nHost db-1\n    HostName %h.internal.example.org\nHost db-9\n    User=root\n\nHost *\n    User alice\n"
		  "    ServerAliveInterval 60\n",
		  "web1 10.0.0.1:2222 l=deploy  a=w1,web1.example.org\n"
		  "db-1 db-1.internal.example.org:22 l=postgres  a=\n"
		  "db-9 db-9:22 l=root  a=\n" },
		{ "User first\nHost a\nUser second\n", "a a:22 l=first  a=\n" },
		{ "Host a\nHostName \"10.0.0.1\"\nPort = 23\nProxyJump bastion\nhost b\nhostname=10.0.0.2 # here\nProxyJump none\n",
		  "a 10.0.0.1:23 l=  a= | ssh reaches it by a proxy, the bastion connects directly\nb 10.0.0.2:22 l=  a=\n" },
		{ "Include conf.d/*\nMatch host x exec \"true\"\n\tUser nobody\nMatch all\n\tPort 24\nHost a\n",
		  "a a:24 l=  a=\nf:1: Include is not followed: import that file itself\nf:2: what stands below Match is not looked at\n" },
		{ "Host *.example.org\nUser x\n", "" },
		{ "", "" },
		{ "\xef\xbb\xbfHost a\r\n\tPort 1\r\n", "a a:1 l=  a=\n" },
		{ "Host a\nHostName 2001:db8::1\n", "a 2001:db8::1:22 l=  a=\n" },
		{ "Host a\n\tPort abc\n", "f:2:7: \"abc\" is not a port: 1 to 65535" },
		{ "Host a\n\tPort 0\n", "f:2:7: \"0\" is not a port: 1 to 65535" },
		{ "Host a\n\tHostName\n", "f:2:2: HostName without a value" },
		{ "Host\n", "f:1:1: Host without a name" },
		{ "Host a\nHostName \"10.0.0.1\n", "f:2:10: no closing quote" },
		{ "Host a\nHostName %n.example.org\n", "f:2:10: only %h and %% can be read here" },
		{ "Host a\nHostName 10.0.0.1/24\n", "f:2:10: \"10.0.0.1/24\" is not an address" },
		{ "Host a\nUser DOMAIN\\alice\n", "f:2:6: \"DOMAIN\\alice\" cannot be a login here: letters, digits, _ . @ -" },
		{ "Host a b\nHost a\n", "f:2:6: the name a is there already, at line 1" },
		{ "Host a\n\tPort 22\x1b[2J\n", "f:2:9: a control character" },
		{ "Host a\n\tUser \xff\n", "f:2:7: not UTF-8: convert the file first, e.g. with iconv" },
		{ "Host ++\n", "f:1:6: \"++\" cannot be a host's name: letters, digits, _ . -" },
	};

	run(import_ssh_config, tests, sizeof(tests) / sizeof(tests[0]), "ssh_config");
	is(render(import_ssh_config, "Host a\0b\n", 9), "f:1:7: a control character", "a NUL");
}

static void
test_ansible(void)
{
	static const struct test tests[] = {
		{ "mail.example.org\n\n[web]\nweb[01:03].example.org ansible_user=deploy\nlb ansible_host=10.0.0.9 ansible_port=2222 # balancer\n\n"
		  "[db]\ndb-[a:b] ansible_host=\"10.0.1.1\"\n\n[db:vars]\nansible_user = postgres\nansible_port=2200\n\n[prod:children]\nweb\ndb\n\n"
		  "[prod:vars]\nansible_user=ops\nhttp_port=80\n\n[all:vars]\nansible_user=root\n",
		  "mail.example.org mail.example.org:22 l=root  a=\n"
		  "web01.example.org web01.example.org:22 l=deploy group=web group=prod a=\n"
		  "web02.example.org web02.example.org:22 l=deploy group=web group=prod a=\n"
		  "web03.example.org web03.example.org:22 l=deploy group=web group=prod a=\n"
		  "lb 10.0.0.9:2222 l=ops group=web group=prod a=\n"
		  "db-a 10.0.1.1:2200 l=postgres group=db group=prod a=\n"
		  "db-b 10.0.1.1:2200 l=postgres group=db group=prod a=\n" },
		{ "[a]\nh ansible_port=1\n[b]\nh ansible_user=u\n", "h h:1 l=u group=a group=b a=\n" },
		{ "localhost ansible_connection=local\nweb1:2222\nn[1:5:2]\nm[8:11]:77\n",
		  "SKIP localhost :22 l=  a= | Ansible's own machine (ansible_connection=local)\nweb1 web1:2222 l=  a=\n"
		  "n1 n1:22 l=  a=\nn3 n3:22 l=  a=\nn5 n5:22 l=  a=\nm8 m8:77 l=  a=\nm9 m9:77 l=  a=\nm10 m10:77 l=  a=\nm11 m11:77 l=  a=\n" },
		{ "; a comment\n# another\n[g]\nh ansible_ssh_host='10.0.0.1' ansible_ssh_user=x some_var=\"a b\"\n", "h 10.0.0.1:22 l=x group=g a=\n" },
		{ "[x:children]\ny\n[y:children]\nz\n[z]\nh\n[x:vars]\nansible_user=far\n[y:vars]\nansible_user=near\n", "h h:22 l=near group=z group=y group=x a=\n" },
		{ "[b]\nh\n[a]\nh\n[a:vars]\nansible_port=1\n[b:vars]\nansible_port=2\n", "h h:2 l= group=b group=a a=\n" },
		{ "", "" },
		{ "---\nall:\n  hosts:\n", "f:1:1: an inventory in YAML: only the INI form can be read" },
		{ "[web\nh\n", "f:1:1: a section is [NAME], [NAME:vars] or [NAME:children]" },
		{ "[web:hosts]\n", "f:1:6: a section is [NAME], [NAME:vars] or [NAME:children]" },
		{ "h ansible_port\n", "f:1:3: behind a host stand KEY=VALUE" },
		{ "h ansible_port=x\n", "f:1:16: \"x\" is not a port: 1 to 65535" },
		{ "h ansible_host={{ ip }}\n", "f:1:16: a template: only Ansible can say what it is" },
		{ "[g:vars]\nansible_user\n", "f:2:1: a variable is KEY=VALUE" },
		{ "h[1:\n", "f:1:2: a range is [FIRST:LAST] or [FIRST:LAST:STEP]" },
		{ "h[3:1]\n", "f:1:2: a range is [FIRST:LAST] or [FIRST:LAST:STEP]" },
		{ "h[1:99999999]\n", "f:1:1: a range of more than 10000 hosts" },
		{ "h[1:200][1:200]\n", "f:1:1: a range of more than 10000 hosts" },
		{ "[a:children]\nb\n[b:children]\na\n[a]\nh\n", "f:1:1: group a holds itself" },
		{ "[g]\n  h\n", "f:2:3: a line that is indented: is this an inventory in YAML?" },
		{ "h ansible_user=\"a b\"\n", "f:1:17: that cannot be a login here: letters, digits, _ . @ -" },
		{ "a.b\na,b\n", "a.b a.b:22 l=  a=\na-b a,b:22 l=  a= | \"a,b\" there\n" },
		{ "a b=1\na/b\n", "f:2:1: \"a/b\" is not an address" },
	};

	run(import_ansible, tests, sizeof(tests) / sizeof(tests[0]), "an inventory");
}

static void
test_jumpserver(void)
{
	static const struct test tests[] = {
		{ "id,hostname,ip,protocols,platform,is_active,nodes_display,comment\r\n"
		  "1,web1,10.0.0.1,ssh/22,Linux,True,\"['/Default/prod', '/Default/web']\",\"two\r\nlines\"\r\n"
		  "2,web2,10.0.0.2,\"ssh/2222 sftp/2222\",Linux,True,/Default/prod,\"a \"\"quote\"\"\"\r\n"
		  "3,win1,10.0.0.3,rdp/3389,Windows,True,/Default,\r\n"
		  "4,old,10.0.0.4,ssh/22,Linux,False,/Default,\r\n",
		  "web1 10.0.0.1:22 l= node=/Default/prod node=/Default/web a=\n"
		  "web2 10.0.0.2:2222 l= node=/Default/prod a=\n"
		  "SKIP win1 10.0.0.3:22 l= node=/Default a= | not reached by ssh there\n"
		  "SKIP old 10.0.0.4:22 l= node=/Default a= | not active there\n" },
		{ "\xef\xbb\xbf*名称,*地址,*系统平台,协议组,节点路径,标签,账号列表,激活\n"
		  "支付网关-01,10.0.2.1,Linux,\"[{'name': 'ssh', 'port': 2200}]\",/默认/支付,\"env:prod,tier:web\",\"root,ops\",是\n"
		  "web 1 (测试),10.0.2.2,Linux,ssh/22,,,,否\n",
		  "10.0.2.1 10.0.2.1:2200 l=root,ops title=支付网关-01 node=/默认/支付 env=prod tier=web a=\n"
		  "SKIP 10.0.2.2 10.0.2.2:22 l= title=web_1_(测试) a= | not active there\n" },
		{ "Name*,Address*,Protocols,Labels\nweb 1 (prod),10.0.0.1,ssh/22,\"name:evil, x\"\n",
		  "web-1-prod 10.0.0.1:22 l= title=web_1_(prod) label=name:evil label=x a= | \"web 1 (prod)\" there\n" },
		{ "name,address,port\na,10.0.0.1,\n\nb,10.0.0.2,23\n", "a 10.0.0.1:22 l=  a=\nb 10.0.0.2:23 l=  a=\n" },
		{ "", "f:1:1: no columns name and address (or hostname and ip) in the first row" },
		{ "foo,bar\n", "f:1:1: no columns name and address (or hostname and ip) in the first row" },
		{ "name,address\na,10.0.0.1\nb,\n", "f:3:1: a row without a name or an address" },
		{ "name,address\n\"a,10.0.0.1\n", "f:2:1: no closing quote" },
		{ "name,address\n\"a\"x,10.0.0.1\n", "ax 10.0.0.1:22 l=  a=\n" },
		{ "name,address\na\"b,10.0.0.1\n", "f:2:2: a quote in the middle of a cell" },
		{ "name,address\n支付\",10.0.0.1\n", "f:2:3: a quote in the middle of a cell" },
		{ "name,address\na,10.0.0.1\rb\n", "f:2:12: a comma or the end of the line is missing" },
		{ "name,address\na,http://10.0.0.1\n", "f:2:3: \"http://10.0.0.1\" is not an address" },
		{ "name,address,protocols\na,10.0.0.1,ssh/99999\n", "f:2:12: \"99999\" is not a port: 1 to 65535" },
		{ "name,address\na,10.0.0.1\na,10.0.0.2\n", "f:3:1: the name a is there already, at line 2" },
		{ "name,address,username\na,10.0.0.1,ro ot\n", "f:2:12: \"ro ot\" cannot be a login here: letters, digits, _ . @ -" },
	};

	run(import_jumpserver, tests, sizeof(tests) / sizeof(tests[0]), "assets");
}

int
main(void)
{
	test_ssh_config();
	test_ansible();
	test_jumpserver();
	return tap_done();
}
