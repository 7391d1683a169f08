// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/text.hpp>
#include <regctl/ops/search.hpp>
#include <regctl/registry/registries.hpp>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace regctl::ops {

namespace {

/// The repositories of the server's listing of tags that have `term` in their name. Throws
/// Error{unsupported} if it has no listing.
std::vector<SearchResult> search_listing(registry::v1::Registry& registry, const std::string& host,
                                         std::string_view term) {
  std::set<std::string> names;
  const bool has_listing =
      registry.list_all_tags([&](const std::string& name, const std::string&,
                                 const std::optional<std::string>&) { names.insert(name); });
  if (!has_listing) {
    throw Error(ErrorKind::unsupported,
                "search is off at " + host + ", and the registry has no other listing",
                "name a repository: regctl tags " + host + "/NAME");
  }
  const auto wanted = lower(term);
  std::vector<SearchResult> results;
  for (const auto& name : names) {
    if (lower(name).find(wanted) != std::string::npos) {
      results.push_back({name, "", 0, false, false});
    }
  }
  return results;
}

} // namespace

std::vector<SearchResult> search(Session& session, const RegistryHost& host,
                                 std::string_view term) {
  auto& registry = session.registries().v1(host);
  auto results = registry.search(term);
  if (!results) {
    return search_listing(registry, host.host, term);
  }
  std::sort(results->begin(), results->end(),
            [](const SearchResult& a, const SearchResult& b) { return a.name < b.name; });
  return std::move(*results);
}

} // namespace regctl::ops
