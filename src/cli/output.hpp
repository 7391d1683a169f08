// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <streambuf>
#include <string>

namespace regctl::cli {

/// Thrown when whoever read our output has gone: no error, but the end of what is wanted.
struct BrokenPipe {};

/// A stream buffer over a descriptor whose failures are told: BrokenPipe, or Error{local_io} for a
/// full disk. The stream must have exceptions(badbit) set, which lets them through.
class DescriptorBuffer final : public std::streambuf {
public:
  DescriptorBuffer(int fd, std::string what);
  ~DescriptorBuffer() override;

protected:
  int_type overflow(int_type c) override;
  int sync() override;

private:
  void write_out();

  int fd_; // not ours to close
  std::string what_;
  std::array<char, 16 * 1024> buffer_{};
};

} // namespace regctl::cli
