// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/error.hpp>

#include <exception>
#include <mutex>
#include <string>

namespace regctl::ops {

/// Decides when to stop asking a registry that is gone: each further repository would cost all
/// retries. Thread-safe.
class Reach {
public:
  explicit Reach(std::string host) : host_(std::move(host)) {}

  /// Throws the error that showed that the registry is unreachable.
  void check();

  void answered();

  /// Records an error of detecting the protocol.
  void is_no_registry(const Error& error);

  /// Records an error of asking for a repository.
  void failed(const Error& error);

private:
  const std::string host_;
  std::mutex mutex_;      ///< guards the members below
  unsigned failures_ = 0; ///< consecutive ones
  std::exception_ptr lost_;
};

} // namespace regctl::ops
