// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/error.hpp>
#include <regctl/ops/made_image.hpp>

#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace regctl::ops {

/// Whether a note on a converted image says that something wrong was put right.
bool is_repair(const std::string& note);

/// The verdict on an image that was converted with these notes: "doubtful" if nothing proves that
/// its layers are whole, "repaired" if something was put right, else "sound".
std::string_view verdict_of(const std::set<std::string>& notes);

/// The verdict on a tag of a run: "broken" if its image was found at fault, or its transfer failed
/// with an error of this kind; that of `notes`, on what the run made; nothing if that is null.
std::optional<std::string_view> verdict_of(const std::optional<ImageFault>& fault,
                                           const std::optional<ErrorKind>& error,
                                           const std::set<std::string>* notes);

} // namespace regctl::ops
