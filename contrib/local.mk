# SPDX-License-Identifier: BSD-2-Clause
EXTRA_DIST += %D%/accounts.sh %D%/deps.sh %D%/quickstart %D%/check %D%/analyze %D%/analyze.accepted

.PHONY: analyze
analyze:
	$(srcdir)/%D%/analyze

EXTRA_DIST += %D%/accounts.sh %D%/completion/fortress.bash
EXTRA_DIST += %D%/pam.d/fortress %D%/examples/sssd-ldap.txt
