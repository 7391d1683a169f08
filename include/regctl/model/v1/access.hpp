// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace regctl {

/// Who may read a repository. The words of v1, "public" and "private", are keywords of C++.
enum class RepositoryAccess { open, restricted };

} // namespace regctl
