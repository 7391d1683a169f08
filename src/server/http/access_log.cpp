// SPDX-License-Identifier: Apache-2.0
#include "server/http/access_log.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>

namespace regctl::server {

namespace {

constexpr unsigned k_log_mode = 0640;

FileDescriptor open_log(const std::string& name) {
  if (name.empty()) {
    return {};
  }
  if (name != "-") {
    auto file = open_for_appending(name, Earlier::kept, k_log_mode);
    ::fcntl(file.get(), F_SETFL, O_APPEND); // writes wait for a pipe's reader
    return file;
  }
  FileDescriptor file(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0));
  if (!file) {
    throw_errno("open standard output", errno);
  }
  return file;
}

std::string print_time(const char* format) {
  const auto now = std::time(nullptr);
  std::tm parts{};
  std::array<char, 40> text{};
  ::gmtime_r(&now, &parts);
  return {text.data(), std::strftime(text.data(), text.size(), format, &parts)};
}

/// In ASCII, so that a client cannot send control characters to the operator's terminal.
std::string in_ascii(const Json& value) {
  return value.dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace);
}

/// A quoted field of the combined format, in which nothing can end the field or the line.
std::string quoted(const std::string& text) {
  return text.empty() ? "\"-\"" : in_ascii(text);
}

/// A line in the "combined" format of Apache and nginx.
std::string combined(const Request& request, int status, std::uint64_t sent_bytes) {
  return request.peer() + " - - [" + print_time("%d/%b/%Y:%H:%M:%S +0000") + "] " +
         quoted(request.method + " " + request.path + " HTTP/1.1") + " " + std::to_string(status) +
         " " + std::to_string(sent_bytes) + " " + quoted(request.header("Referer").value_or("")) +
         " " + quoted(request.header("User-Agent").value_or("")) + "\n";
}

std::string json(const Request& request, int status, std::uint64_t sent_bytes, double seconds) {
  const Json line = {{"time", print_time("%Y-%m-%dT%H:%M:%SZ")},
                     {"peer", request.peer()},
                     {"method", request.method},
                     {"path", request.path},
                     {"status", status},
                     {"bytes", sent_bytes},
                     {"seconds", seconds},
                     {"agent", request.header("User-Agent").value_or("")}};
  return in_ascii(line) + "\n";
}

} // namespace

AccessLog::AccessLog(std::string file, LogFormat format)
    : name_(std::move(file)), format_(format), file_(open_log(name_)) {}

void AccessLog::write(const Request& request, int status, std::uint64_t sent_bytes,
                      double seconds) {
  if (name_.empty()) {
    return;
  }
  const auto line = format_ == LogFormat::json ? json(request, status, sent_bytes, seconds)
                                               : combined(request, status, sent_bytes);
  const std::lock_guard lock(mutex_);
  // A log that cannot be written must not stop the server: the line is lost.
  static_cast<void>(!::write(file_.get(), line.data(), line.size()));
}

void AccessLog::reopen() {
  auto file = open_log(name_);
  const std::lock_guard lock(mutex_);
  file_ = std::move(file);
}

} // namespace regctl::server
