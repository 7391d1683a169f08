// SPDX-License-Identifier: Apache-2.0
#include "formats/archive/diff_id.hpp"

#include <regctl/base/error.hpp>
#include <regctl/model/digest.hpp>

#include <algorithm>

namespace regctl {

bool DiffIdObserver::step(Source& unpacked) {
  const auto n = unpacked.read(buffer_);
  const auto bytes = std::span(buffer_).first(n);
  hasher_.update(bytes);
  all_zero_ = all_zero_ && std::all_of(bytes.begin(), bytes.end(),
                                       [](std::byte b) { return b == std::byte{0}; });
  return n > 0;
}

std::optional<std::string> DiffIdObserver::find_diff_id() {
  if (!failure_.empty()) {
    return std::nullopt;
  }
  return to_digest(hasher_.finish_hex());
}

std::string DiffIdObserver::diff_id() {
  if (auto found = find_diff_id()) {
    return *found;
  }
  throw Error(ErrorKind::integrity, failure_);
}

} // namespace regctl
