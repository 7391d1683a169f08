// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/http/message.hpp>
#include <regctl/registry/v1/registry.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::registry::v1 {

/// One answer to a search.
struct SearchPage {
  std::optional<std::vector<SearchResult>> hits; ///< nothing without a list of results
  std::uint64_t pages = 0;   ///< number of all pages, if the server tells it; else 0
  std::uint64_t results = 0; ///< number of all results, or of those on this page
};

/// Reads result by result, because docker-registry puts all repositories into one page. Names are
/// still quoted. Throws Error{protocol} "WHAT …".
SearchPage read_search_page(std::string_view text, const std::string& what);

/// The functions that a search needs.
struct SearchContext {
  std::string host; ///< for messages
  /// Sends a GET request for a path with a query.
  std::function<http::Response(std::string target)> ask;
  /// Whether the registry has a repository of this name.
  std::function<bool(const std::string& name)> has_repository;
  /// Receives a sentence for the user.
  std::function<void(const std::string&)> note;
};

/// Repositories that match `term` by the server's rules, of all pages, each name once. Nothing if
/// search is off: 404, or an answer without results.
///
/// Servers count pages differently: Quay's number of pages is the present page or one more, and for
/// pages after the fifth it repeats the fifth. So a page without new names ends the search. If
/// there are fewer results than the server promised, that is noted.
///
/// docker-registry 0.9 quotes slashes after the namespace ("%2F"), and quotes them twice ("%252F")
/// in names that its index read from the storage. A name is decoded until the registry has a
/// repository of that name; that is tried once for each depth of quoting.
std::optional<std::vector<SearchResult>> search(const SearchContext& context,
                                                std::string_view term);

} // namespace regctl::registry::v1
