// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/http/message.hpp"

#include <regctl/base/file.hpp>
#include <regctl/server/server.hpp>

#include <cstdint>
#include <mutex>
#include <string>

namespace regctl::server {

/// One line for each request, without credentials. Thread-safe; a line is written whole.
class AccessLog {
public:
  /// `file` "" writes nothing, "-" writes to standard output. Throws Error{local_io}.
  AccessLog(std::string file, LogFormat format);

  void write(const Request& request, int status, std::uint64_t sent_bytes, double seconds);

  /// Opens the file anew, for who has moved it away. Throws Error{local_io}; the old one stays
  /// then.
  void reopen();

private:
  std::string name_;
  LogFormat format_;
  std::mutex mutex_; ///< guards `file_`
  FileDescriptor file_;
};

} // namespace regctl::server
