// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/ops/places/difference.hpp>
#include <regctl/ops/places/scope.hpp>
#include <regctl/ops/session.hpp>

#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <string>

namespace regctl::ops {

struct TagDifference {
  std::string repository; ///< its name at A, or the name it would have there
  std::string tag;
  Difference difference = Difference::missing;
  std::optional<std::string>
      a; ///< the image's ID at A; nothing if there is none or it is unreadable
  std::optional<std::string> b;
};

struct DiffSummary {
  std::uint64_t repositories = 0; ///< compared repositories
  std::uint64_t same = 0;         ///< tags, as are the numbers that follow
  std::uint64_t missing = 0;
  std::uint64_t extra = 0;
  std::uint64_t different = 0;
  std::uint64_t unreadable = 0;
  Problems problems; ///< repositories that could not be compared

  /// Whether all that could be compared is equal; see `problems` for the rest.
  [[nodiscard]] bool is_equal() const noexcept {
    return missing + extra + different + unreadable == 0;
  }
};

/// Receives the results on the caller's thread, repository by repository in the order of their
/// names.
struct DiffListener {
  std::function<void(const TagDifference&)> on_tag;
  /// A repository that could not be compared, and why.
  std::function<void(const std::string& repository, const std::exception_ptr& problem)> on_problem;
};

/// Compares the tags of both sides of `scope`, which must have a B, by the IDs of their images.
/// Costs one listing, and at most one request for each repository on each side. Memory holds the
/// names of all repositories and the tags of a few. A repository that cannot be compared is
/// reported, and the others are compared.
///
/// Throws Error{not_found} if a repository or tag was named but is not at A, Error{usage} for sides
/// that cannot be paired, Error{unsupported} if neither side can list its repositories.
DiffSummary diff(Session& session, const Scope& scope, const DiffListener& listener);

} // namespace regctl::ops
