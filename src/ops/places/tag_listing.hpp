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

/// Tag → identity: a v1 image's ID, or a manifest's digest. Nothing for a tag that the store lists
/// but cannot read. Code that compares listings needs no other knowledge of identities.
using TagListing = std::map<std::string, std::optional<std::string>>;

/// Tags that name no image of their own but belong to one, like cosign's signatures: tag → the
/// identity of that image. They are in no list of names, and follow their image.
using AttachedTags = std::map<std::string, std::string>;

/// The images whose referrers the store lists under a tag of its own: identity → that tag.
using ListedSubjects = std::map<std::string, std::string>;

/// The tags of one repository. Some stores list tags with their identities. Others list only names
/// and need a request for each identity, which is then made only for tags that matter. Not
/// thread-safe.
class ListedTags {
public:
  ListedTags() = default;

  /// A list with all identities.
  ListedTags(TagListing tags) : tags_(std::move(tags)) {} // implicit: a TagListing is such a list

  /// Returns an entry for each of `tags`.
  using Identify = std::function<TagListing(const std::vector<std::string>& tags)>;
  /// A list of names without identities. `attached` and `subjects` have none of `names`.
  ListedTags(const std::vector<std::string>& names, Identify identify, AttachedTags attached = {},
             ListedSubjects subjects = {});

  /// Replaces the function that identifies tags.
  void identify_by(Identify identify) { identify_ = std::move(identify); }

  [[nodiscard]] std::size_t size() const noexcept { return tags_.size(); }
  [[nodiscard]] bool empty() const noexcept { return tags_.empty(); }
  /// Whether the tag is in the list, or attached.
  [[nodiscard]] bool contains(const std::string& tag) const {
    return tags_.contains(tag) || attached_.contains(tag);
  }
  [[nodiscard]] std::vector<std::string> names() const; ///< sorted
  [[nodiscard]] const AttachedTags& attached() const noexcept { return attached_; }
  [[nodiscard]] const ListedSubjects& subjects() const noexcept { return subjects_; }

  /// Removes all other tags from the list. Attached ones stay.
  void keep(const std::function<bool(const std::string& tag)>& is_kept);

  /// Asks the store for those identities of `tags` that are in the list, attached or lists of
  /// referrers, and still unknown. Throws the errors of `Identify`.
  void identify(const std::vector<std::string>& tags);
  /// Looks up all identities and returns the whole list, without attached tags.
  const TagListing& identify_all();

  /// The identity, if it is known. Nothing for a tag that is not in the list, not identified yet,
  /// or unreadable at the store. Valid until the list changes.
  [[nodiscard]] const std::optional<std::string>& find(const std::string& tag) const;
  /// A tag that the store lists but was unable to read; nothing if none is known.
  [[nodiscard]] std::optional<std::string> first_broken() const;

private:
  /// Whether the tag belongs to an image, and so is in no list of names.
  [[nodiscard]] bool is_beside(const std::string& tag) const {
    return attached_.contains(tag) || lists_.contains(tag);
  }

  TagListing tags_; // a null identity for tags not identified yet, or unreadable
  AttachedTags attached_;
  ListedSubjects subjects_;
  std::set<std::string> lists_; // the tags of subjects_
  TagListing beside_;           // the identities of these and of the attached, as far as known
  std::set<std::string> unidentified_;
  Identify identify_;
};

} // namespace regctl::ops
