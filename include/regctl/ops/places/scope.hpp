// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/ops/places/endpoint.hpp>
#include <regctl/ops/places/filter.hpp>

#include <cstdint>
#include <exception>
#include <optional>

namespace regctl::ops {

/// The range of `diff` and `verify`: the tags of A, and those of B under the names that a mirror
/// from A would give them.
struct Scope {
  Endpoint a;
  std::optional<Endpoint> b;
  Filter repositories; ///< compared with the names at A
  TagFilter tags;
};

/// The repositories, tags and images that could not be examined. Not thread-safe.
struct Problems {
  std::uint64_t number = 0;
  std::exception_ptr first;   ///< null if there are none
  bool have_one_cause = true; ///< all are Errors of one kind

  void add(const std::exception_ptr& problem);
};

} // namespace regctl::ops
