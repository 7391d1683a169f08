// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/file.hpp>

#include <sys/mman.h>

#include <string>

/// A file with this text that is on no disk, for what reads files by their names.
class MemoryFile {
public:
  explicit MemoryFile(const std::string& text) : fd_(::memfd_create("input", MFD_CLOEXEC)) {
    regctl::write_fully(fd_.get(), regctl::as_bytes(text), "a file in memory");
  }

  [[nodiscard]] std::string name() const { return "/proc/self/fd/" + std::to_string(fd_.get()); }

private:
  regctl::FileDescriptor fd_;
};
