// SPDX-License-Identifier: Apache-2.0
#include "formats/oci_layout/layout_index.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/text.hpp>
#include <regctl/base/visible.hpp>
#include <regctl/model/oci/media_type.hpp>
#include <regctl/model/reference.hpp>

#include <algorithm>
#include <set>
#include <utility>

namespace regctl {

namespace {

constexpr std::size_t k_most_listed = 10; ///< of the digests in an error

std::string describe(const oci::NamedManifest& entry) {
  auto text = entry.manifest.digest.to_string();
  if (!entry.full_name.empty()) {
    text += " (" + excerpt(entry.full_name) + ")";
  } else if (entry.manifest.platform) {
    text += " (" + excerpt(entry.manifest.platform->to_string()) + ")";
  }
  return text;
}

/// The member `manifests`; null counts as an empty list, as Go writes one so.
const Json* find_manifests(const Json& document, const std::string& what) {
  if (!document.is_object()) {
    throw Error(ErrorKind::protocol, what + ": index.json is no JSON object");
  }
  const auto* manifests = find_member(document, "manifests");
  if (manifests != nullptr && !manifests->is_array()) {
    throw Error(ErrorKind::protocol, what + ": index.json: manifests is no list");
  }
  return manifests;
}

Json parse_index(std::string_view text, const std::string& what) {
  auto document = parse_json(text, what + ": index.json");
  static_cast<void>(find_manifests(document, what));
  return document;
}

std::string ref_name_of(const Json& entry) {
  return oci::annotation(entry, oci::k_ref_name_annotation);
}

} // namespace

std::vector<std::string> oci::tags_of(const std::vector<NamedManifest>& entries) {
  std::set<std::string> tags;
  for (const auto& entry : entries) {
    if (!entry.tag.empty()) {
      tags.insert(entry.tag);
    }
  }
  return {tags.begin(), tags.end()};
}

std::optional<std::string> normal_full_name(std::string_view name) {
  if (name.find_first_of("/:") == std::string_view::npos) {
    return std::nullopt;
  }
  try {
    auto reference = Reference::parse(name);
    if (!reference.digest) {
      reference.tag = reference.tag_or_latest();
    }
    if (reference.host == "docker.io") { // there "library/a" and "a" are one repository
      reference.has_library = false;
    }
    return reference.to_string();
  } catch (const Error&) {
    return std::nullopt; // free text is allowed
  }
}

LayoutIndex::LayoutIndex(std::vector<oci::NamedManifest> entries, std::string what)
    : entries_(std::move(entries)), what_(std::move(what)) {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const auto& entry = entries_[i];
    by_digest_.emplace(entry.manifest.digest, i);
    for (const auto& name : std::set<std::string>{entry.ref_name, entry.full_name}) {
      if (name.empty()) {
        continue;
      }
      by_name_[name].push_back(i);
      if (auto normal = normal_full_name(name)) {
        by_full_name_[*std::move(normal)].push_back(i);
      }
    }
  }
  choose_tags();
}

LayoutIndex LayoutIndex::parse(std::string_view text, const std::string& what) {
  const auto document = parse_index(text, what);
  std::vector<oci::NamedManifest> entries;
  if (const auto* manifests = find_manifests(document, what)) {
    entries.reserve(manifests->size());
    for (const auto& value : *manifests) {
      auto manifest = oci::Descriptor::parse(value, what + ": index.json: manifests[" +
                                                        std::to_string(entries.size()) + "]");
      auto ref_name = oci::annotation(manifest, oci::k_ref_name_annotation);
      auto full_name = oci::annotation(manifest, oci::k_image_name_annotation);
      entries.push_back({std::move(manifest), "", std::move(ref_name), std::move(full_name)});
    }
  }
  return LayoutIndex(std::move(entries), what);
}

/// A ref.name that only one digest has is the tag. Where several have it, as "latest" of several
/// repositories, the full name tells them apart.
void LayoutIndex::choose_tags() {
  for (auto& entry : entries_) {
    entry.tag = entry.ref_name.empty() ? entry.full_name : entry.ref_name;
    if (entry.ref_name.empty() || entry.full_name.empty()) {
      continue;
    }
    const auto& same = by_name_.at(entry.ref_name);
    if (std::any_of(same.begin(), same.end(), [&](std::size_t i) {
          return entries_[i].manifest.digest != entry.manifest.digest;
        })) {
      entry.tag = entry.full_name;
    }
  }
}

std::vector<std::size_t> LayoutIndex::positions_of(const std::string& name) const {
  if (const auto found = by_name_.find(name); found != by_name_.end()) {
    return found->second;
  }
  const auto normal = normal_full_name(name);
  const auto found = normal ? by_full_name_.find(*normal) : by_full_name_.end();
  return found == by_full_name_.end() ? std::vector<std::size_t>() : found->second;
}

const oci::NamedManifest* LayoutIndex::find(const std::string& name) const {
  const auto positions = positions_of(name);
  if (positions.empty()) {
    return nullptr;
  }
  const auto& first = entries_[positions.front()];
  if (std::all_of(positions.begin(), positions.end(), [&](std::size_t i) {
        return entries_[i].manifest.digest == first.manifest.digest;
      })) {
    return &first;
  }
  std::vector<std::string> texts;
  texts.reserve(positions.size());
  for (const auto position : positions) {
    texts.push_back(describe(entries_[position]));
  }
  throw Error(ErrorKind::usage,
              what_ + " has several manifests named '" + excerpt(name) +
                  "': " + list_some(texts, k_most_listed),
              "name the one you mean by @DIGEST, or by its full name if it has one");
}

const oci::NamedManifest* LayoutIndex::find(const oci::Digest& digest) const {
  const auto found = by_digest_.find(digest);
  return found == by_digest_.end() ? nullptr : &entries_[found->second];
}

LayoutIndexEditor::LayoutIndexEditor(std::string_view text, const std::string& what)
    : what_(what), document_(std::make_unique<Json>()) {
  if (text.empty()) {
    *document_ = {{"schemaVersion", 2}, {"mediaType", oci::k_oci_index}};
  } else {
    *document_ = parse_index(text, what);
  }
  if (find_member(*document_, "manifests") == nullptr) {
    (*document_)["manifests"] = Json::array();
  }
}

LayoutIndexEditor::~LayoutIndexEditor() = default;

Json& LayoutIndexEditor::manifests() const {
  return (*document_)["manifests"];
}

/// Replacing one of several would lose it; replacing all would lose more.
void LayoutIndexEditor::refuse_ambiguous(const std::map<std::string, oci::Descriptor>& tags) const {
  std::map<std::string, std::string> full_names;
  for (const auto& entry : manifests()) {
    const auto tag = ref_name_of(entry);
    if (!tags.contains(tag)) {
      continue;
    }
    auto full_name = oci::annotation(entry, oci::k_image_name_annotation);
    const auto [known, is_new] = full_names.emplace(tag, full_name);
    if (!is_new && known->second != full_name) {
      throw Error(ErrorKind::usage,
                  what_ + " has several images with the name '" + excerpt(tag) +
                      "', which differ in their full names",
                  "write to another name, or remove those first");
    }
  }
}

void LayoutIndexEditor::set_tags(const std::map<std::string, oci::Descriptor>& tags) {
  refuse_ambiguous(tags);
  std::set<std::string> placed;
  const auto entry_of = [](const std::string& tag, oci::Descriptor manifest) {
    manifest.annotations[std::string(oci::k_ref_name_annotation)] = tag;
    return manifest.to_json();
  };
  auto list = Json::array();
  for (auto& entry : manifests()) {
    const auto tag = ref_name_of(entry);
    const auto wanted = tags.find(tag);
    if (wanted == tags.end()) {
      list.push_back(std::move(entry));
    } else if (placed.insert(tag).second) {
      list.push_back(entry_of(tag, wanted->second));
    }
  }
  for (const auto& [tag, manifest] : tags) {
    if (!placed.contains(tag)) {
      list.push_back(entry_of(tag, manifest));
    }
  }
  manifests() = std::move(list);
}

void LayoutIndexEditor::add(const std::vector<oci::Descriptor>& added) {
  std::set<std::string> listed;
  for (const auto& entry : manifests()) {
    listed.insert(optional_string(entry, "digest").value_or(""));
  }
  for (const auto& manifest : added) {
    if (listed.insert(manifest.digest.to_string()).second) {
      manifests().push_back(manifest.to_json());
    }
  }
}

bool LayoutIndexEditor::remove_tag(const std::string& name) {
  const auto index = LayoutIndex::parse(print(), what_);
  if (index.find(name) == nullptr) {
    return false;
  }
  const auto positions = index.positions_of(name);
  std::for_each(positions.rbegin(), positions.rend(),
                [&](std::size_t position) { manifests().erase(position); });
  return true;
}

bool LayoutIndexEditor::remove_manifest(const oci::Digest& digest) {
  auto left = Json::array();
  for (auto& entry : manifests()) {
    if (optional_string(entry, "digest") != digest.to_string()) {
      left.push_back(std::move(entry));
    }
  }
  const bool is_any = left.size() < manifests().size();
  manifests() = std::move(left);
  return is_any;
}

void LayoutIndexEditor::clear() {
  manifests() = Json::array();
}

std::string LayoutIndexEditor::print() const {
  return dump_json(*document_);
}

} // namespace regctl
