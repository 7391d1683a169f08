// SPDX-License-Identifier: Apache-2.0
#include "ops/places/tag_listing.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace regctl::ops {

ListedTags::ListedTags(const std::vector<std::string>& names, Identify identify,
                       AttachedTags attached, ListedSubjects subjects)
    : attached_(std::move(attached)), subjects_(std::move(subjects)),
      unidentified_(names.begin(), names.end()), identify_(std::move(identify)) {
  for (const auto& name : names) {
    tags_[name];
  }
  for (const auto& [tag, image] : attached_) {
    unidentified_.insert(tag);
  }
  for (const auto& [image, tag] : subjects_) {
    lists_.insert(tag);
    unidentified_.insert(tag);
  }
}

std::vector<std::string> ListedTags::names() const {
  std::vector<std::string> names;
  names.reserve(tags_.size());
  for (const auto& [name, identity] : tags_) {
    names.push_back(name);
  }
  return names;
}

void ListedTags::keep(const std::function<bool(const std::string& tag)>& is_kept) {
  std::erase_if(tags_, [&](const auto& entry) { return !is_kept(entry.first); });
  std::erase_if(unidentified_,
                [&](const std::string& tag) { return !contains(tag) && !lists_.contains(tag); });
}

void ListedTags::identify(const std::vector<std::string>& tags) {
  std::vector<std::string> wanted;
  std::copy_if(tags.begin(), tags.end(), std::back_inserter(wanted),
               [&](const std::string& tag) { return unidentified_.contains(tag); });
  if (wanted.empty()) {
    return;
  }
  for (auto& [tag, identity] : identify_(wanted)) {
    (is_beside(tag) ? beside_ : tags_)[tag] = identity;
    unidentified_.erase(tag);
  }
}

const TagListing& ListedTags::identify_all() {
  identify(names());
  return tags_;
}

const std::optional<std::string>& ListedTags::find(const std::string& tag) const {
  static const std::optional<std::string> unknown;
  const auto& listing = is_beside(tag) ? beside_ : tags_;
  const auto found = listing.find(tag);
  return found == listing.end() ? unknown : found->second;
}

std::optional<std::string> ListedTags::first_broken() const {
  const auto broken = std::find_if(tags_.begin(), tags_.end(), [&](const auto& entry) {
    return !entry.second && !unidentified_.contains(entry.first);
  });
  return broken == tags_.end() ? std::nullopt : std::optional(broken->first);
}

} // namespace regctl::ops
