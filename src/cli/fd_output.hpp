// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <ostream>
#include <streambuf>
#include <string>

namespace regctl::cli {

/// Thrown when the reader of standard output has closed the pipe. That is no error for a listing.
/// Not derived from std::exception, so that only run() catches it.
struct ReaderGone {};

/// A buffer over a descriptor that reports failures by exceptions, instead of a stream's flag that
/// is easily forgotten: Error{local_io} "cannot write WHAT: No space left on device", ReaderGone
/// for EPIPE. After a failure further output is dropped. Waiting for the reader can be interrupted.
class FdOutputBuffer final : public std::streambuf {
public:
  /// `fd` is borrowed and must stay open.
  FdOutputBuffer(int fd, std::string what);

  /// From now on a reader that goes away is no reason to throw.
  void let_reader_go() noexcept { may_lose_reader_ = true; }

protected:
  int_type overflow(int_type character) override;
  int sync() override;

private:
  void write_out();

  int fd_;
  std::string what_;
  bool has_failed_ = false;
  bool may_lose_reader_ = false;
  std::array<char, 16 * 1024> bytes_{};
};

/// The stream over FdOutputBuffer, which passes on its exceptions. Destruction drops unwritten
/// bytes, so that flush() must be called to learn of failures.
class FdOutput final : public std::ostream {
public:
  FdOutput(int fd, std::string what);

  void let_reader_go() noexcept { buffer_.let_reader_go(); }

private:
  FdOutputBuffer buffer_;
};

} // namespace regctl::cli
