// SPDX-License-Identifier: Apache-2.0
#include "ops/places/side.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/text.hpp>
#include <regctl/ops/search.hpp>
#include <regctl/registry/registries.hpp>

#include <algorithm>

namespace regctl::ops {

namespace {

/// Where search is off: the repositories of the listing that have `term` in their name.
std::vector<SearchResult> search_listing(Session& session, const RegistryHost& host,
                                         std::string_view term) {
  const auto wanted = lower(term);
  const auto is_wanted = [&](const std::string& name) {
    return lower(name).find(wanted) != std::string::npos;
  };
  std::vector<SearchResult> results;
  try {
    const auto side = open_source(session, Endpoint{host, "", {}});
    for (const auto& name : side->repositories(is_wanted)) {
      if (is_wanted(name)) {
        results.push_back({name, "", 0, false, false});
      }
    }
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::unsupported) {
      throw;
    }
    throw Error(error.kind(), error.message(),
                "name a repository: regctl tags " + host.host + "/NAME");
  }
  return results;
}

} // namespace

std::vector<SearchResult> search(Session& session, const RegistryHost& host,
                                 std::string_view term) {
  auto results = session.registries().v1(host).search(term);
  if (!results) {
    return search_listing(session, host, term);
  }
  std::sort(results->begin(), results->end(),
            [](const SearchResult& a, const SearchResult& b) { return a.name < b.name; });
  return std::move(*results);
}

} // namespace regctl::ops
