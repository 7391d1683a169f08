// SPDX-License-Identifier: Apache-2.0
#include "ops/mirror/state_file.hpp"

#include "ops/places/storage.hpp"

#include <regctl/base/hash.hpp>
#include <regctl/base/stream.hpp>
#include <regctl/model/reference.hpp>

#include <algorithm>

namespace regctl::ops::mirror {

namespace {

/// An end as part of a file's name.
std::string file_name(const Endpoint& endpoint) {
  constexpr std::size_t k_longest = 60;
  auto end = endpoint;
  if (end.place && !end.place->path.empty()) { // the same path means another tree in another folder
    end.place->path = absolute_tree_path(end.place->path);
  }
  auto text = end.host ? end.host->host : end.to_string();
  if (!end.place || end.place->kind == Place::Kind::registry) {
    text = without_registry_scheme(text);
    text.erase(std::min(text.find('/'), text.size()));
  }
  auto name = text;
  for (auto& c : name) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '.' || c == '-';
    c = is_plain ? c : '_';
  }
  if (name.size() > k_longest) { // a long path: its end, and a hash to distinguish it
    Sha256 hash;
    hash.update(as_bytes(text));
    name = hash.finish_hex().substr(0, 12) + name.substr(name.size() - k_longest);
  }
  return name;
}

} // namespace

std::string state_file(const std::string& folder, const Endpoint& source,
                       const Endpoint& destination) {
  return folder + "/" + file_name(source) + "--" + file_name(destination) + ".state";
}

} // namespace regctl::ops::mirror
