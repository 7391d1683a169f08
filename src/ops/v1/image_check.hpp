// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/v1/repository.hpp>
#include <regctl/ops/session.hpp>
#include <regctl/ops/verify.hpp>

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <vector>

namespace regctl::ops {

/// One side of a check.
struct CheckedSide {
  V1Repository& repository;
  Finding::Where where;
  bool holds_pushed_layers = true; ///< else stored sizes and sums are not those of the push
};

/// The results of checking one image. A missing image is Fault::parent_missing.
struct ImageReport {
  bool is_readable = false; ///< at A; otherwise the image below it is unknown
  std::optional<std::string> parent;
  std::vector<Finding> findings;
  std::vector<std::exception_ptr> problems; ///< one for each Fault::not_looked_at
  std::uint64_t layers_read = 0;
  std::uint64_t bytes_read = 0;
  std::uint64_t sizes_unknown = 0;
  std::uint64_t sums_unknown = 0;
};

/// The fault that a side's error means for an image: Fault::not_looked_at if it says nothing about
/// the image, `if_broken` if the answer was invalid. Rethrows an interruption.
Fault fault_of(const std::exception_ptr& problem, Fault if_broken);

/// Checks one image on its own, at A and, unless `b` is null, at B, and compares the two. Reports
/// the layers it reads to the session's progress. Throws only for an interruption.
ImageReport check_image(Session& session, const CheckedSide& a, const CheckedSide* b,
                        const std::string& id, const VerifyOptions& options);

} // namespace regctl::ops
