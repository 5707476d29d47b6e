# SPDX-License-Identifier: BSD-2-Clause
TESTS += %D%/cases.t
EXTRA_DIST += %D%/cases.t %D%/worked.policy %D%/worked.cases %D%/network.policy %D%/network.cases %D%/needs.policy \
	%D%/needs.cases %D%/bad
