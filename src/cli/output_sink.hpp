// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/fd_output.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/stream.hpp>

#include <ostream>

namespace regctl::cli {

/// Standard output for bytes of a layer or an archive. A closed pipe is an error here, since the
/// reader lacks a part.
class OutputSink final : public Sink {
public:
  /// `out` must outlive it.
  explicit OutputSink(std::ostream& out) : out_(out) {}

  void write(std::span<const std::byte> bytes) override {
    try {
      out_.write(reinterpret_cast<const char*>(bytes.data()),
                 static_cast<std::streamsize>(bytes.size()));
    } catch (const ReaderGone&) {
      throw Error(ErrorKind::local_io, "cannot write standard output: its reader went away");
    }
  }

private:
  std::ostream& out_;
};

} // namespace regctl::cli
