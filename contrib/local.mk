# SPDX-License-Identifier: BSD-2-Clause
EXTRA_DIST += %D%/accounts.sh %D%/deps.sh %D%/quickstart %D%/check %D%/analyze %D%/analyze.accepted

.PHONY: analyze
analyze:
	$(srcdir)/%D%/analyze

# Where systemd, bash and zsh look for them.
bashcompletiondir = $(datadir)/bash-completion/completions
zshcompletiondir = $(datadir)/zsh/site-functions
dist_bashcompletion_DATA = %D%/completion/bash/fortress
dist_zshcompletion_DATA = %D%/completion/zsh/_fortress
dist_sysusers_DATA = %D%/sysusers.d/fortress.conf
UNITS = %D%/systemd/fortress.service %D%/systemd/fortress-index.service %D%/systemd/fortress-index.timer %D%/systemd/staragent.service
systemdsystemunit_DATA = $(UNITS)
CLEANFILES += $(UNITS)
EXTRA_DIST += %D%/systemd/fortress.service.in %D%/systemd/fortress-index.service.in %D%/systemd/fortress-index.timer.in \
	%D%/systemd/staragent.service.in
$(UNITS): Makefile
	$(AM_V_GEN)$(MKDIR_P) %D%/systemd && $(SED) -e 's|[@]bindir[@]|$(bindir)|g' -e 's|[@]sysconfdir[@]|$(sysconfdir)|g' \
		-e 's|[@]statedir[@]|$(localstatedir)/lib/fortress|g' $(srcdir)/$@.in >$@.new && mv $@.new $@
%D%/systemd/fortress.service: $(srcdir)/%D%/systemd/fortress.service.in
%D%/systemd/fortress-index.service: $(srcdir)/%D%/systemd/fortress-index.service.in
%D%/systemd/fortress-index.timer: $(srcdir)/%D%/systemd/fortress-index.timer.in
%D%/systemd/staragent.service: $(srcdir)/%D%/systemd/staragent.service.in

EXTRA_DIST += %D%/pam.d/fortress %D%/examples/directory.json %D%/examples/sssd-ldap.txt

# Whoever is shown an export builds this alone, outside of this tree: it has none of our flags, and goes into every pack.
noinst_PROGRAMS += %D%/verifier/fortress-verify
contrib_verifier_fortress_verify_SOURCES = %D%/verifier/fortress-verify.c
contrib_verifier_fortress_verify_CPPFLAGS =
contrib_verifier_fortress_verify_CFLAGS = $(WARN_CFLAGS) $(DEV_CFLAGS)
contrib_verifier_fortress_verify_LDADD = $(CRYPTO_LIBS)
EXTRA_DIST += %D%/witness/fortress-witness
