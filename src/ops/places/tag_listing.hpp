// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace regctl::ops {

/// Tag → identity: a v1 image's ID, a manifest's digest. Nothing for a tag that the store lists but
/// cannot read. Code that compares listings knows nothing else of identities.
using TagListing = std::map<std::string, std::optional<std::string>>;

/// The tags of one repository. Some stores list them with their identities; others list names, and
/// take a request for each identity: those are asked for the tags that matter alone. Not
/// thread-safe.
class ListedTags {
public:
  ListedTags() = default;

  /// A list with all identities.
  ListedTags(TagListing tags) : tags_(std::move(tags)) {} // converts: it is one

  /// Returns an entry for each of `tags`.
  using Identify = std::function<TagListing(const std::vector<std::string>& tags)>;
  /// A list of names alone.
  ListedTags(const std::vector<std::string>& names, Identify identify);

  [[nodiscard]] std::size_t size() const noexcept { return tags_.size(); }
  [[nodiscard]] bool empty() const noexcept { return tags_.empty(); }
  [[nodiscard]] bool contains(const std::string& tag) const { return tags_.contains(tag); }
  [[nodiscard]] std::vector<std::string> names() const; ///< sorted

  /// Leaves out all tags but those.
  void keep(const std::function<bool(const std::string& tag)>& is_kept);

  /// Asks the store for the identities of those of `tags` that it lists and was not asked for.
  /// Throws what asking throws.
  void identify(const std::vector<std::string>& tags);
  /// The whole list, identified.
  const TagListing& identify_all();

  /// The identity, as far as it is known: nothing too for a tag that is not listed, or that the
  /// store cannot read.
  [[nodiscard]] std::optional<std::string> find(const std::string& tag) const;
  /// A tag that the store was seen to list and to be unable to read; nothing if there is none.
  [[nodiscard]] std::optional<std::string> first_broken() const;

private:
  TagListing tags_; // nothing for those that are not identified
  std::set<std::string> unidentified_;
  Identify identify_;
};

} // namespace regctl::ops
