// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/http/message.hpp"

#include <regctl/base/file.hpp>
#include <regctl/server/server.hpp>

#include <cstdint>
#include <mutex>
#include <string>

namespace regctl::server {

/// A log with one line for each request, without credentials. Thread-safe; a line is written by a
/// single call.
class AccessLog {
public:
  /// With "" as `file` nothing is written; "-" is standard output. Throws Error{local_io}.
  AccessLog(std::string file, LogFormat format);

  void write(const Request& request, int status, std::uint64_t sent_bytes, double seconds);

  /// Opens the file again after it was renamed (log rotation). Throws Error{local_io}; the old file
  /// then stays in use.
  void reopen();

private:
  std::string name_;
  LogFormat format_;
  std::mutex mutex_; ///< guards `file_`
  FileDescriptor file_;
};

} // namespace regctl::server
