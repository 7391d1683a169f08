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

/// Where an image is looked at.
struct CheckedSide {
  V1Repository& repository;
  Finding::Where where;
  bool holds_pushed_layers = true; ///< else sizes and sums of stored layers say nothing
};

/// What is found of one image. An image that is not there is Fault::parent_missing.
struct ImageReport {
  bool is_readable = false; ///< at A: else there is no telling what is below it
  std::optional<std::string> parent;
  std::vector<Finding> findings;
  std::vector<std::exception_ptr> problems; ///< for each Fault::not_looked_at
  std::uint64_t layers_read = 0;
  std::uint64_t bytes_read = 0;
  std::uint64_t sizes_unknown = 0;
  std::uint64_t sums_unknown = 0;
};

/// What an error that a side threw says about an image: Fault::not_looked_at for what says nothing,
/// `if_broken` where the answer is no good. Rethrows an interruption.
Fault fault_of(const std::exception_ptr& problem, Fault if_broken);

/// Looks at an image by itself, at A and, unless `b` is null, at B, and compares the two. The
/// progress hears of the layers that are read. Throws only an interruption.
ImageReport check_image(Session& session, const CheckedSide& a, const CheckedSide* b,
                        const std::string& id, const VerifyOptions& options);

} // namespace regctl::ops
