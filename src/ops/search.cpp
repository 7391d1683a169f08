// SPDX-License-Identifier: Apache-2.0
#include "ops/places/protocol.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/text.hpp>
#include <regctl/model/reference.hpp>
#include <regctl/ops/search.hpp>
#include <regctl/registry/hub_search.hpp>
#include <regctl/registry/registries.hpp>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace regctl::ops {

namespace {

/// The names that have `term` in them, as results, each once and sorted.
class Matches {
public:
  explicit Matches(std::string_view term) : term_(lower(term)) {}

  void add(const std::string& name) {
    if (lower(name).find(term_) != std::string::npos) {
      names_.insert(name);
    }
  }

  [[nodiscard]] std::vector<SearchResult> results() const {
    std::vector<SearchResult> results;
    for (const auto& name : names_) {
      results.push_back({name, "", 0, false, false});
    }
    return results;
  }

private:
  const std::string term_;
  std::set<std::string> names_;
};

/// The repositories of the server's listing of tags that have `term` in their name. Throws
/// Error{unsupported} if it has no listing.
std::vector<SearchResult> search_listing(registry::v1::Registry& registry, const std::string& host,
                                         std::string_view term) {
  Matches matches(term);
  const bool has_listing =
      registry.list_all_tags([&](const std::string& name, const std::string&,
                                 const std::optional<std::string>&) { matches.add(name); });
  if (!has_listing) {
    throw Error(ErrorKind::unsupported,
                "search is off at " + host + ", and the registry has no other listing",
                "name a repository: regctl tags " + host + "/NAME");
  }
  return matches.results();
}

std::vector<SearchResult> search_catalog(registry::v2::Registry& registry, std::string_view term) {
  Matches matches(term);
  registry.list_repositories([&](const std::vector<std::string>& page) {
    for (const auto& name : page) {
      matches.add(name);
    }
  });
  return matches.results();
}

std::vector<SearchResult> search_docker_hub(Session& session, std::string_view term) {
  constexpr unsigned k_most = 100;
  auto found = registry::search_hub(session.client(), term, k_most);
  if (found.all > found.hits.size()) {
    session.progress().note("Docker Hub has " + std::to_string(found.all) + " results for '" +
                            std::string(term) + "'; these are the first " +
                            std::to_string(found.hits.size()));
  }
  return std::move(found.hits);
}

} // namespace

std::vector<SearchResult> search(Session& session, const RegistryHost& host,
                                 std::string_view term) {
  if (is_docker_hub(host.host)) {
    return search_docker_hub(session, term);
  }
  if (protocol_of(session, host) == Protocol::v2) {
    return search_catalog(session.registries().v2(host), term);
  }
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
