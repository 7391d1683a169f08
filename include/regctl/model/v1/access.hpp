// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace regctl {

/// The read access of a repository: v1's "public" and "private", which are keywords of C++.
enum class RepositoryAccess { open, restricted };

} // namespace regctl
