// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>

#include <cerrno>
#include <system_error>

namespace regctl {

Error::Error(ErrorKind kind, std::string message, std::string hint)
    : kind_(kind), message_(std::move(message)), hint_(std::move(hint)), what_(message_) {}

void Error::add_frame(std::string frame) {
  what_ += "\n  while " + frame;
  frames_.push_back(std::move(frame));
}

void rethrow_copy(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const Error& error) {
    throw Error(error);
  }
}

void throw_errno(const std::string& action, int errno_value) {
  // std::strerror may share a buffer between threads; the error category does not.
  const auto reason = std::generic_category().message(errno_value);
  const auto kind = errno_value == ENOENT ? ErrorKind::not_found : ErrorKind::local_io;
  std::string hint;
  if (errno_value == ENOSPC || errno_value == EDQUOT) {
    hint = "free some space, or choose another place for the result (TMPDIR for temporary files)";
  }
  throw Error(kind, "cannot " + action + ": " + reason, hint);
}

} // namespace regctl
