# SPDX-License-Identifier: BSD-2-Clause
TESTS += %D%/cases.t
EXTRA_DIST += %D%/cases.t %D%/bad %D%/lint %D%/include %D%/attacks.policy %D%/attacks.cases %D%/examples.policy \
	%D%/examples.cases %D%/forwards.policy %D%/forwards.cases %D%/limits.policy %D%/limits.cases %D%/lists.policy %D%/lists.cases \
	%D%/looking.policy %D%/looking.cases %D%/needs.policy %D%/needs.cases %D%/network.policy %D%/network.cases %D%/worked.policy \
	%D%/worked.cases %D%/zones.policy %D%/zones.cases
