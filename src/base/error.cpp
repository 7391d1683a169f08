// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>

#include <cerrno>
#include <system_error>

namespace regctl {

namespace {

/// Far above any message of ours. Messages quote texts from outside by excerpt(); this is the
/// safety net for a place that does not.
constexpr std::size_t k_message_limit_bytes = 8 * 1024;

std::string cut(std::string text) {
  if (text.size() > k_message_limit_bytes) {
    const auto size = text.size();
    auto end = k_message_limit_bytes;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80) { // inside UTF-8
      --end;
    }
    text.resize(end);
    text += "… (" + std::to_string(size) + " bytes)";
  }
  return text;
}

} // namespace

Error::Error(ErrorKind kind, std::string message, std::string hint)
    : kind_(kind), message_(cut(std::move(message))), hint_(cut(std::move(hint))), what_(message_) {
}

void Error::add_frame(std::string frame) {
  frame = cut(std::move(frame));
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
