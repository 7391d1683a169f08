// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <ostream>
#include <streambuf>
#include <string>

namespace regctl::cli {

/// Thrown when the reader of standard output went away: no error for a listing. Not an
/// std::exception, so that only run() catches it.
struct ReaderGone {};

/// A buffer over a descriptor whose failures are exceptions instead of a flag that nobody looks at:
/// Error{local_io} "cannot write WHAT: No space left on device", ReaderGone for EPIPE. Once it has
/// failed, what is written is dropped. Waits interruptibly.
class FdOutputBuffer final : public std::streambuf {
public:
  /// `fd` is borrowed and must stay open.
  FdOutputBuffer(int fd, std::string what);

protected:
  int_type overflow(int_type character) override;
  int sync() override;

private:
  void write_out();

  int fd_;
  std::string what_;
  bool has_failed_ = false;
  std::array<char, 16 * 1024> bytes_{};
};

/// The stream over it, which lets its exceptions pass. Throws away what is unwritten at
/// destruction: flush() says whether all went well.
class FdOutput final : public std::ostream {
public:
  FdOutput(int fd, std::string what);

private:
  FdOutputBuffer buffer_;
};

} // namespace regctl::cli
