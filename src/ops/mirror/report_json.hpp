// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/mirror/report.hpp"

#include <regctl/base/json_fwd.hpp>

#include <string>

namespace regctl::ops::mirror {

// The records of a report, as documented in regctl-mirror(1).

Json tag_record(const TagResult& result, const Report::Mirror& mirror);
Json summary_record(const Summary& summary);

/// The record as one line, without its line feed.
std::string print_record(const Json& record);

} // namespace regctl::ops::mirror
