// SPDX-License-Identifier: Apache-2.0
#include <regctl/ops/file_entry.hpp>

#include <algorithm>
#include <array>
#include <cstdio>

namespace regctl::ops {

namespace {

std::string octal(std::int64_t mode) {
  std::array<char, 16> text{};
  static_cast<void>(std::snprintf(text.data(), text.size(), "%04o", static_cast<unsigned>(mode)));
  return text.data();
}

std::string pair(std::int64_t one, std::int64_t other) {
  return std::to_string(one) + ":" + std::to_string(other);
}

struct Attribute {
  std::string what;
  std::string value;
};

std::vector<Attribute> attributes_of(const FileEntry& entry) {
  std::vector<Attribute> all = {{"type", std::string(type_name(entry.type))}};
  if (!entry.link.empty()) {
    all.push_back({"target", entry.link});
  }
  if (entry.type == '1') {
    return all;
  }
  all.push_back({"mode", octal(entry.mode)});
  all.push_back({"owner", pair(entry.uid, entry.gid)});
  all.push_back({"time", entry.mtime});
  if (entry.type == '3' || entry.type == '4') {
    all.push_back({"device", pair(entry.device_major, entry.device_minor)});
  }
  if (entry.type == '0') {
    all.push_back({"size", std::to_string(entry.size_bytes)});
    all.push_back({"content", entry.digest});
  }
  for (const auto& [name, sum] : entry.xattrs) {
    all.push_back({"xattr " + name, sum});
  }
  return all;
}

const std::string* find(const std::vector<Attribute>& attributes, const std::string& what) {
  const auto found = std::find_if(attributes.begin(), attributes.end(),
                                  [&](const Attribute& other) { return other.what == what; });
  return found == attributes.end() ? nullptr : &found->value;
}

} // namespace

std::string_view type_name(char type) noexcept {
  switch (type) {
  case '1':
    return "hard link";
  case '2':
    return "symlink";
  case '3':
    return "character device";
  case '4':
    return "block device";
  case '5':
    return "folder";
  case '6':
    return "pipe";
  default:
    return "file";
  }
}

std::vector<FileChange> compare(const FileEntry* a, const FileEntry* b) {
  const auto of_a = a == nullptr ? std::vector<Attribute>() : attributes_of(*a);
  const auto of_b = b == nullptr ? std::vector<Attribute>() : attributes_of(*b);
  std::vector<FileChange> changes;
  for (const auto& [what, value] : of_a) {
    const auto* other = find(of_b, what);
    if (other == nullptr || *other != value) {
      changes.push_back({what, value, other == nullptr ? "" : *other});
    }
  }
  for (const auto& [what, value] : of_b) {
    if (find(of_a, what) == nullptr) {
      changes.push_back({what, "", value});
    }
  }
  if (a != nullptr && b != nullptr && a->type != b->type) {
    changes.resize(1); // the rest follows from the types
  }
  return changes;
}

} // namespace regctl::ops
