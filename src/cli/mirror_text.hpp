// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/ops/mirror/report.hpp>

#include <string>

namespace regctl::cli {

/// "copied team/app:1.0 90faa9565197", of a plan "copy team/app:1.0 90faa9565197 (missing)"; empty
/// for what needs no line: the same on both sides, left out, or failed (which is told elsewhere).
std::string result_line(const ops::mirror::TagResult& result);

/// "12 repositories: 3 tags copied, 40 were the same; 9 images moved, 12.3 MB in 0:07".
std::string summary_line(const ops::mirror::Summary& summary, bool is_plan);

} // namespace regctl::cli
