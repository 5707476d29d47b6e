# SPDX-License-Identifier: BSD-2-Clause
EXTRA_DIST += %D%/accounts.sh %D%/deps.sh %D%/quickstart %D%/check
EXTRA_DIST += %D%/accounts.sh %D%/completion/fortress.bash
