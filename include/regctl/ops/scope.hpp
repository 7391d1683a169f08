// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/ops/mirror/rules.hpp>
#include <regctl/ops/places/endpoint.hpp>

#include <cstdint>
#include <exception>
#include <optional>

namespace regctl::ops {

/// What `diff` and `verify` look at: the tags of A and, under the names that a mirror from A would
/// give them, those of B.
struct Scope {
  Endpoint a;
  std::optional<Endpoint> b;
  mirror::Filter repositories; ///< by their names at A
  mirror::TagFilter tags;
};

/// What could not be looked at: a repository, a tag, an image. Not thread-safe.
struct Problems {
  std::uint64_t number = 0;
  std::exception_ptr first;   ///< null if there are none
  bool have_one_cause = true; ///< all are Errors of one kind

  void add(const std::exception_ptr& problem);
};

} // namespace regctl::ops
