// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/ops/mirror/mirror.hpp>

#include <string>
#include <vector>

namespace regctl::ops::mirror {

/// The name at the job's destination of a repository of its source. Throws Error{usage} if the
/// rules make none.
std::string destination_name(const MirrorJob& job, const std::string& source_name);

/// Reads a name from each line, or the names in lines of a plan or of failures; sorted, each once.
/// A malformed name is a mistake: perhaps the wrong file was given.
std::vector<std::string> read_names(const std::string& file);

} // namespace regctl::ops::mirror
