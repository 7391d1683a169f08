// SPDX-License-Identifier: Apache-2.0
#include "cli/output.hpp"

#include <regctl/base/error.hpp>

#include <unistd.h>

#include <cerrno>

namespace regctl::cli {

DescriptorBuffer::DescriptorBuffer(int fd, std::string what) : fd_(fd), what_(std::move(what)) {
  setp(buffer_.data(), buffer_.data() + buffer_.size());
}

DescriptorBuffer::~DescriptorBuffer() = default; // what matters was flushed, with its errors seen

DescriptorBuffer::int_type DescriptorBuffer::overflow(int_type c) {
  write_out();
  if (!traits_type::eq_int_type(c, traits_type::eof())) {
    *pptr() = traits_type::to_char_type(c);
    pbump(1);
  }
  return traits_type::not_eof(c);
}

int DescriptorBuffer::sync() {
  write_out();
  return 0;
}

void DescriptorBuffer::write_out() {
  const char* begin = pbase();
  const char* end = pptr();
  setp(buffer_.data(), buffer_.data() + buffer_.size()); // also after a failure: no second one
  while (begin < end) {
    const auto n = ::write(fd_, begin, static_cast<std::size_t>(end - begin));
    if (n >= 0) {
      begin += n;
    } else if (errno == EPIPE) {
      throw BrokenPipe();
    } else if (errno != EINTR && errno != EAGAIN) {
      throw_errno("write " + what_, errno);
    }
  }
}

} // namespace regctl::cli
