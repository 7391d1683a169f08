// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/ops/map/map_line.hpp>

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace regctl::ops {

/// Where the images of an old registry are now, as a map says it. A const one is thread-safe.
class NewNames {
public:
  struct Tag {
    bool is_there = false; ///< false: it failed, or was not reached
    std::optional<std::string> digest;
  };
  struct Repository {
    std::string name; ///< "new:5000/team/app"
    std::map<std::string, Tag, std::less<>> tags;
  };

  /// Reads a map. `old_hosts` are names of the old registry besides those in the map; `new_host`
  /// replaces that of the new one unless it is empty. Throws Error{usage} if no registry is named
  /// at an end, or if a repository became several.
  NewNames(const std::string& file, const std::vector<std::string>& old_hosts,
           const std::string& new_host);

  /// The hosts of the old registry, in lower case.
  [[nodiscard]] const std::set<std::string>& hosts() const noexcept { return hosts_; }

  /// What became of a repository; null if the map has none of that name. `host` in lower case.
  [[nodiscard]] const Repository* find(std::string_view host, std::string_view name) const;

private:
  void add(const MapLine& line, const std::string& new_host);

  std::set<std::string> old_hosts_; ///< those besides the map's
  std::set<std::string> hosts_;
  std::unordered_map<std::string, Repository> repositories_; // by "host:5000/team/app"
};

} // namespace regctl::ops
