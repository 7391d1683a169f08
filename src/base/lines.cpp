// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/base/lines.hpp>

#include <array>
#include <utility>

namespace regctl {

LineReader::LineReader(const std::string& path, std::size_t limit_bytes)
    : LineReader(make_fd_source(open_input(path), input_name(path)), input_name(path),
                 limit_bytes) {}

LineReader::LineReader(std::unique_ptr<Source> source, std::string what, std::size_t limit_bytes)
    : source_(std::move(source)), what_(std::move(what)), limit_bytes_(limit_bytes) {}

std::string LineReader::where() const {
  return what_ + ", line " + std::to_string(number_);
}

std::optional<std::string> LineReader::next() {
  auto end = buffer_.find('\n', begin_);
  while (end == std::string::npos && !is_at_end_) {
    buffer_.erase(0, begin_);
    begin_ = 0;
    if (buffer_.size() > limit_bytes_) {
      throw Error(ErrorKind::protocol, what_ + ", line " + std::to_string(number_ + 1) +
                                           " is longer than " + std::to_string(limit_bytes_) +
                                           " bytes");
    }
    std::array<std::byte, 16 * 1024> bytes{};
    const auto n = source_->read(bytes);
    is_at_end_ = n == 0;
    const auto seen = buffer_.size();
    buffer_.append(reinterpret_cast<const char*>(bytes.data()), n);
    end = buffer_.find('\n', seen);
  }
  if (end == std::string::npos && begin_ == buffer_.size()) {
    return std::nullopt;
  }
  auto line = buffer_.substr(begin_, end == std::string::npos ? end : end - begin_);
  begin_ = end == std::string::npos ? buffer_.size() : end + 1;
  if (line.ends_with('\r')) {
    line.pop_back();
  }
  ++number_;
  return line;
}

} // namespace regctl
