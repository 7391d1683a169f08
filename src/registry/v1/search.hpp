// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/http/message.hpp>
#include <regctl/registry/v1/registry.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::registry::v1 {

/// What a search asks, and whom it tells.
struct SearchContext {
  std::string host; ///< for messages
  /// Sends GET of a path with a query.
  std::function<http::Response(std::string target)> ask;
  /// Whether the registry answers to this name of a repository.
  std::function<bool(const std::string& name)> has_repository;
  /// Says a sentence for the user.
  std::function<void(const std::string&)> note;
};

/// Repositories that match `term`, as the server matches; all pages, each name once. Nothing if
/// search is off: 404, or an answer without results.
///
/// Servers page in ways of their own: Quay says "this page or one more", and answers its fifth page
/// for every later one. A page that brings nothing new ends it, and where more was promised than
/// came, that is noted. docker-registry 0.9 quotes the slashes behind the namespace ("%2F"), and
/// once more ("%252F") what its index learnt from the storage: a name is decoded as far as the
/// registry answers to it, which is tried once for each depth of quoting.
std::optional<std::vector<SearchResult>> search(const SearchContext& context,
                                                std::string_view term);

} // namespace regctl::registry::v1
