// SPDX-License-Identifier: Apache-2.0
#include "cli/fd_output.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/interrupt.hpp>

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace regctl::cli {

FdOutputBuffer::FdOutputBuffer(int fd, std::string what) : fd_(fd), what_(std::move(what)) {
  setp(bytes_.data(), bytes_.data() + bytes_.size());
}

FdOutputBuffer::int_type FdOutputBuffer::overflow(int_type character) {
  write_out();
  if (!traits_type::eq_int_type(character, traits_type::eof())) {
    *pptr() = traits_type::to_char_type(character);
    pbump(1);
  }
  return traits_type::not_eof(character);
}

int FdOutputBuffer::sync() {
  write_out();
  return 0;
}

void FdOutputBuffer::write_out() {
  const char* begin = pbase();
  const char* const end = pptr();
  setp(bytes_.data(), bytes_.data() + bytes_.size());
  while (begin != end && !has_failed_) {
    // A stopped terminal, or a pipe that is not read, must not delay Ctrl-C.
    struct pollfd waited[2] = {{fd_, POLLOUT, 0}, {interrupt_fd(), POLLIN, 0}};
    ::poll(waited, 2, -1);
    check_interrupted();
    const auto n = ::write(fd_, begin, static_cast<std::size_t>(end - begin));
    if (n >= 0) {
      begin += n;
    } else if (errno != EINTR && errno != EAGAIN) {
      has_failed_ = true;
      if (errno != EPIPE) {
        throw_errno("write " + what_, errno);
      }
      if (!may_lose_reader_) {
        throw ReaderGone();
      }
    }
  }
}

FdOutput::FdOutput(int fd, std::string what) : std::ostream(nullptr), buffer_(fd, std::move(what)) {
  rdbuf(&buffer_);
  exceptions(std::ios::badbit); // otherwise the stream would swallow the buffer's exceptions
}

} // namespace regctl::cli
