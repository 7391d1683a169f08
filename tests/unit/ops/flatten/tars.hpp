// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/tar.hpp>

#include <string>

// Tars of layers for tests, entry by entry; the end of the tar is not in them.
namespace test_tars {

using namespace regctl;

inline TarEntry entry(char type, const std::string& name, const std::string& link = "") {
  TarEntry entry;
  entry.type = type;
  entry.name = name;
  entry.link_name = link;
  entry.mode = type == '5' ? 0755 : 0644;
  return entry;
}

inline std::string printed(TarEntry entry, const std::string& data = "",
                           const TarExtensions& more = {}) {
  entry.size_bytes = data.size();
  return make_tar_header(entry, more) + data + std::string(tar_padding_bytes(data.size()), '\0');
}

inline std::string file(const std::string& name, const std::string& data) {
  return printed(entry('0', name), data);
}
inline std::string folder(const std::string& name, int mode = 0755) {
  auto written = entry('5', name);
  written.mode = mode;
  return printed(written);
}
inline std::string hard_link(const std::string& name, const std::string& target) {
  return printed(entry('1', name, target));
}
inline std::string soft_link(const std::string& name, const std::string& target) {
  return printed(entry('2', name, target));
}
inline std::string whiteout(const std::string& name) {
  return file(name, "");
}

} // namespace test_tars
