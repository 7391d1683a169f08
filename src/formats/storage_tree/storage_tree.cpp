// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/formats/storage_tree.hpp>

namespace regctl {

void StorageFolder::copy_file(const StoredFile&, const std::string& name,
                              const std::function<void()>&) {
  throw Error(ErrorKind::unsupported, name + " cannot be copied from another file");
}

std::string StorageTree::adopt(const StoredFile&, const std::string& path, const std::string&) {
  throw Error(ErrorKind::unsupported, what(path) + " cannot take over another file");
}

std::optional<StorageTree::VersionedText>
StorageTree::read_versioned(const std::string& path, std::uint64_t limit_bytes) const {
  const auto file = find_file(path);
  if (!file) {
    return std::nullopt;
  }
  VersionedText found{std::nullopt, file->version()};
  if (file->size_bytes() <= limit_bytes) {
    found.text = read_text(*file->open(what(path)), limit_bytes, what(path));
  }
  return found;
}

} // namespace regctl
