// SPDX-License-Identifier: Apache-2.0
#include "ops/flatten/flat_tar.hpp"

#include <regctl/base/interrupt.hpp>

#include <algorithm>
#include <utility>

namespace regctl::ops {

void FlatTar::add(TarEntry entry, const std::string& path, const TarExtensions& extensions,
                  Source& data) {
  entry.name = path;
  write(make_tar_header(entry, extensions));
  write_data(data, entry.size_bytes);
}

void FlatTar::add_link(const TarEntry& entry, const std::string& path, const std::string& target) {
  auto link = entry;
  link.name = path;
  link.link_name = target;
  link.type = '1';
  link.size_bytes = 0;
  write(make_tar_header(link, {}));
}

void FlatTar::add_folder(const TarEntry& entry, const std::string& path,
                         const TarExtensions& extensions) {
  Folder folder{entry, extensions};
  folder.entry.name = path.empty() ? "./" : path + "/";
  folder.entry.link_name.clear();
  size_bytes_ += 2 * path.size() + sizeof folder;
  for (const auto& [keyword, value] : extensions) {
    size_bytes_ += keyword.size() + value.size();
  }
  folders_.insert_or_assign(path, std::move(folder));
}

void FlatTar::finish() {
  // What is in a folder sorts behind it, and is written first.
  for (auto folder = folders_.rbegin(); folder != folders_.rend(); ++folder) {
    write(make_tar_header(folder->second.entry, folder->second.extensions));
  }
  write(make_tar_end());
  flush();
}

void FlatTar::write(std::string_view text) {
  if (buffer_.size() + text.size() > k_buffer_bytes) {
    flush();
  }
  const auto bytes = as_bytes(text);
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

void FlatTar::write_data(Source& data, std::uint64_t size_bytes) {
  for (std::uint64_t left = size_bytes; left > 0;) {
    if (buffer_.size() >= k_buffer_bytes) {
      flush();
    }
    const auto begin = buffer_.size();
    const auto wanted = std::min<std::uint64_t>(left, k_buffer_bytes - begin);
    buffer_.resize(begin + static_cast<std::size_t>(wanted));
    const auto n = data.read(std::span(buffer_).subspan(begin));
    buffer_.resize(begin + n);
    left -= n;
  }
  write(std::string(tar_padding_bytes(size_bytes), '\0'));
}

void FlatTar::flush() {
  check_interrupted();
  if (!buffer_.empty()) {
    sink_.write(buffer_);
    buffer_.clear();
  }
}

} // namespace regctl::ops
