// SPDX-License-Identifier: Apache-2.0
#include "objects/file_listing.hpp"

#include <regctl/base/hash.hpp>
#include <regctl/base/text.hpp>
#include <regctl/base/whole_number.hpp>

#include <algorithm>

namespace regctl::objects {

namespace {

/// An ETag of another form than "MD5" and "MD5-PARTS", which S3 does not promise: it is not kept.
constexpr std::uint32_t k_other_etag = ~0U;

bool is_below(std::string_view path, std::string_view folder) {
  return folder.empty() || path == folder ||
         (path.starts_with(folder) && path[folder.size()] == '/');
}

} // namespace

bool FileListing::PathOrder::operator()(std::string_view a, std::string_view b) const noexcept {
  const auto rank = [](char c) { return c == '/' ? 0 : static_cast<unsigned char>(c) + 1; };
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                      [&](char x, char y) { return rank(x) < rank(y); });
}

void FileListing::add(std::string_view path, const ObjectInfo& object) {
  const auto [folder, name] = split_path(path);
  File file;
  file.size_bytes = object.size_bytes;
  file.changed_s = std::chrono::system_clock::to_time_t(object.changed);
  pack_etag(object.etag, file);
  const std::lock_guard lock(adding_);
  file.name = intern(name);
  auto found = folders_.find(folder);
  if (found == folders_.end()) {
    found = folders_.emplace(folder, std::vector<File>()).first;
  }
  found->second.push_back(file);
}

std::uint32_t FileListing::intern(std::string_view name) {
  const auto [place, is_new] = places_.emplace(name, static_cast<std::uint32_t>(names_.size()));
  if (is_new) {
    names_.emplace_back(name);
  }
  return place->second;
}

void FileListing::pack_etag(const std::string& etag, File& file) {
  const auto digits = std::string_view(etag).substr(0, k_md5_digits);
  const auto rest = std::string_view(etag).substr(digits.size());
  const auto parts = rest.empty() ? std::optional<std::uint32_t>(0)
                                  : parse_whole_number<std::uint32_t>(rest.substr(1));
  if (!is_lower_hex(digits, k_md5_digits) || !parts || (!rest.empty() && rest[0] != '-')) {
    file.etag_parts = k_other_etag;
    return;
  }
  file.etag_parts = *parts;
  for (std::size_t i = 0; i < file.etag.size(); ++i) {
    file.etag[i] =
        static_cast<std::uint8_t>(hex_value(digits[2 * i]) << 4U | hex_value(digits[2 * i + 1]));
  }
}

std::string FileListing::etag_of(const File& file) {
  if (file.etag_parts == k_other_etag) {
    return {};
  }
  auto etag = to_hex({reinterpret_cast<const char*>(file.etag.data()), file.etag.size()});
  return file.etag_parts == 0 ? etag : etag + "-" + std::to_string(file.etag_parts);
}

bool FileListing::has_folder(const std::string& folder) const {
  const auto below = folders_.lower_bound(folder);
  return below != folders_.end() && is_below(below->first, folder);
}

void FileListing::for_each_file(
    const std::string& folder,
    const std::function<void(const std::string& name, const ObjectInfo& object)>& on_file) const {
  const auto found = folders_.find(folder);
  if (found == folders_.end()) {
    return;
  }
  for (const auto& file : found->second) {
    ObjectInfo object;
    object.size_bytes = file.size_bytes;
    object.etag = etag_of(file);
    object.changed = std::chrono::system_clock::from_time_t(file.changed_s);
    on_file(names_[file.name], object);
  }
}

void FileListing::for_each_folder(
    const std::string& folder, const std::function<void(const std::string& name)>& on_name) const {
  const auto begin = folder.empty() ? std::string() : folder + "/";
  auto next = folders_.upper_bound(begin);
  while (next != folders_.end() && next->first.starts_with(begin)) {
    const auto name =
        next->first.substr(begin.size(), next->first.find('/', begin.size()) - begin.size());
    on_name(name);
    next = folders_.upper_bound(begin + name + "/\xff"); // behind all that is below it
  }
}

} // namespace regctl::objects
