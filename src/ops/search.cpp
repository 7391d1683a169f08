// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/text.hpp>
#include <regctl/ops/search.hpp>
#include <regctl/registry/registries.hpp>

#include <algorithm>
#include <optional>
#include <set>

namespace regctl::ops {

namespace {

/// The repositories in the server's listing of tags; nothing if it has no such listing.
std::optional<std::set<std::string>> list_names(registry::v1::Registry& registry) {
  std::set<std::string> names;
  const bool has_listing =
      registry.list_all_tags([&](const std::string& name, const std::string&,
                                 const std::optional<std::string>&) { names.insert(name); });
  return has_listing ? std::optional(std::move(names)) : std::nullopt;
}

} // namespace

std::vector<SearchResult> search(Session& session, const RegistryHost& host,
                                 std::string_view term) {
  auto& registry = session.registries().v1(host);
  std::vector<SearchResult> results;
  if (const auto hits = registry.search(term)) {
    for (const auto& hit : *hits) {
      results.push_back({hit.name, hit.description, hit.stars, hit.is_official, hit.is_automated});
    }
  } else if (const auto names = list_names(registry)) {
    const auto wanted = lower(term);
    for (const auto& name : *names) {
      if (lower(name).find(wanted) != std::string::npos) {
        results.push_back({name, "", 0, false, false});
      }
    }
  } else {
    throw Error(ErrorKind::unsupported,
                "search is off at " + host.host + ", and the registry has no other listing",
                "name a repository: regctl tags " + host.host + "/NAME");
  }
  std::sort(results.begin(), results.end(),
            [](const SearchResult& a, const SearchResult& b) { return a.name < b.name; });
  return results;
}

} // namespace regctl::ops
