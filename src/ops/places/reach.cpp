// SPDX-License-Identifier: Apache-2.0
#include "ops/places/reach.hpp"

namespace regctl::ops {

void Reach::check() {
  const std::lock_guard lock(mutex_);
  if (lost_) {
    rethrow_copy(lost_);
  }
}

void Reach::answered() {
  const std::lock_guard lock(mutex_);
  failures_ = 0;
}

void Reach::is_no_registry(const Error& error) {
  const std::lock_guard lock(mutex_);
  if (error.kind() != ErrorKind::interrupted) {
    lost_ = std::make_exception_ptr(error);
  }
}

void Reach::failed(const Error& error) {
  constexpr unsigned k_patience = 10;
  const std::lock_guard lock(mutex_);
  failures_ = error.kind() == ErrorKind::unavailable ? failures_ + 1 : 0; // else: an answer
  if (failures_ == k_patience) {
    lost_ = std::make_exception_ptr(
        Error(ErrorKind::unavailable,
              host_ + " did not answer for " + std::to_string(k_patience) +
                  " repositories in a row, and is not asked for more (" + error.message() + ")",
              "run it again when the registry is back"));
  }
}

} // namespace regctl::ops
