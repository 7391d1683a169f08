// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/mirror/report.hpp"

#include <regctl/base/json_fwd.hpp>

#include <string>

namespace regctl::ops::mirror {

// The records of a report, as regctl-mirror(1) documents them.

Json tag_record(const TagResult& result, const std::string& from, const std::string& to);
Json summary_record(const Summary& summary);

/// One line, without line feeds.
std::string print_record(const Json& record);

} // namespace regctl::ops::mirror
