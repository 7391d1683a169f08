// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "formats/oci_layout/layout_index.hpp"

#include <regctl/model/oci/manifest.hpp>

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace regctl {

/// A manifest that was put, as far as the list of manifests needs to know it.
struct PutManifest {
  oci::Descriptor entry;                 ///< for index.json
  std::optional<oci::Digest> subject;    ///< the manifest that it refers to
  std::vector<oci::Descriptor> children; ///< of an index
  oci::Annotations annotations = {};     ///< of the manifest itself, for lists of referrers
};

/// Throws Error{unsupported} for schema 1: its digest is not that of its bytes, by which a layout
/// stores them. Throws Error{integrity} if the digest is not that of the bytes.
PutManifest make_entry(const oci::Document& document, const std::string& what);

/// Manifests that were put and are not yet in index.json. Thread-safe.
class PendingEntries {
public:
  /// Without a tag the manifest is listed only if no index that is put later has it: children come
  /// before their index.
  void add(PutManifest manifest, const std::optional<std::string>& tag);

  bool remove_tag(const std::string& tag);
  bool remove_manifest(const oci::Digest& digest);
  void clear();

  [[nodiscard]] bool empty() const;
  [[nodiscard]] std::optional<oci::Digest> find_tag(const std::string& tag) const;
  [[nodiscard]] std::vector<oci::Descriptor> referrers(const oci::Digest& subject) const;

  /// Throws Error{usage} as LayoutIndexEditor::set_tags().
  void write_to(LayoutIndexEditor& editor) const;

  /// The entries that index.json would have.
  [[nodiscard]] std::vector<oci::NamedManifest> merged_with(const LayoutIndex& index,
                                                            const std::string& what) const;

private:
  mutable std::mutex mutex_;
  std::map<std::string, oci::Descriptor> tags_;
  std::vector<oci::Descriptor> untagged_; ///< in the order of their putting
  std::map<oci::Digest, std::vector<oci::Descriptor>> referrers_;
};

} // namespace regctl
