// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace regctl::ops {

/// Whether a note on a converted image says that something wrong was put right.
bool is_repair(const std::string& note);

/// The verdict on an image that was converted with these notes: "doubtful" if nothing proves that
/// its layers are whole, "repaired" if something was put right, else "sound".
std::string_view verdict_of(const std::set<std::string>& notes);

} // namespace regctl::ops
