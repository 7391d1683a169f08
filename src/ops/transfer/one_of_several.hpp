// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/error.hpp>

#include <cstddef>
#include <string>
#include <utility>

namespace regctl::ops {

/// Runs `body`, which copies one of `tags` tags. Its error ends the command. If there are several
/// tags, the error names this one and has a hint how to copy the others.
template <class Body>
auto for_tag(const std::string& tag, std::size_t tags, Body&& body) -> decltype(body()) {
  try {
    return std::forward<Body>(body)();
  } catch (const Error& error) {
    if (tags == 1 || error.kind() == ErrorKind::interrupted ||
        error.kind() == ErrorKind::local_io) {
      throw;
    }
    Error told(error.kind(), error.message(),
               (error.hint().empty() ? "" : error.hint() + "; ") +
                   "the other tags can be copied one by one, and 'regctl mirror' passes over what "
                   "it cannot copy");
    for (const auto& frame : error.frames()) {
      told.add_frame(frame);
    }
    told.add_frame("copying tag " + tag);
    throw told;
  }
}

} // namespace regctl::ops
