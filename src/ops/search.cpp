// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/ops/search.hpp>
#include <regctl/registry/registries.hpp>

#include <algorithm>

namespace regctl::ops {

namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return result;
}

/// The repositories of a listing of tags ("team/app:1.0") that have `term` in their name, each
/// once.
std::vector<SearchResult> search_listing(const std::map<std::string, std::string>& tags,
                                         std::string_view term) {
  std::vector<SearchResult> results;
  const auto wanted = lower(term);
  for (const auto& [name_and_tag, id] : tags) {
    const auto name = name_and_tag.substr(0, name_and_tag.rfind(':'));
    const bool is_new = results.empty() || results.back().name != name;
    if (is_new && lower(name).find(wanted) != std::string::npos) {
      results.push_back({name, "", 0, false, false});
    }
  }
  return results;
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
  } else if (const auto tags = registry.list_all_tags()) {
    results = search_listing(*tags, term);
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
