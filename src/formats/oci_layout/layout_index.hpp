// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/json_fwd.hpp>
#include <regctl/formats/oci_images.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regctl {

/// The most bytes of an index.json. One of 40,000 entries has some 10 MB.
inline constexpr std::uint64_t k_layout_index_limit_bytes = 64 * 1024 * 1024;

/// The content of the file oci-layout.
inline constexpr std::string_view k_layout_version = R"({"imageLayoutVersion":"1.0.0"})";

/// The entries of an index.json and their names. Immutable once made, hence thread-safe.
class LayoutIndex {
public:
  explicit LayoutIndex(std::vector<oci::NamedManifest> entries, std::string what);

  /// Reads an index.json; `what` names the layout in errors. Throws Error{protocol} naming the
  /// wrong member.
  static LayoutIndex parse(std::string_view text, const std::string& what);

  [[nodiscard]] const std::vector<oci::NamedManifest>& entries() const noexcept { return entries_; }

  /// The manifest with that tag, ref.name or full name; also by another way to write a full name
  /// ("app:1" for "docker.io/library/app:1"). Null if there is none. Throws Error{usage} listing
  /// the digests if manifests of different digests have the name.
  [[nodiscard]] const oci::NamedManifest* find(const std::string& name) const;

  /// The positions of the entries that have the name.
  [[nodiscard]] std::vector<std::size_t> positions_of(const std::string& name) const;

  /// An entry of that digest, or null.
  [[nodiscard]] const oci::NamedManifest* find(const oci::Digest& digest) const;

private:
  void choose_tags();
  std::vector<oci::NamedManifest> entries_;
  std::string what_;
  std::map<std::string, std::vector<std::size_t>, std::less<>> by_name_;
  std::map<std::string, std::vector<std::size_t>, std::less<>> by_full_name_; ///< in one spelling
  std::map<oci::Digest, std::size_t> by_digest_;
};

/// The one spelling of the full name of an image: "docker.io/app:1" for "docker.io/library/app:1".
/// Nothing for a bare tag, and for what is no name of an image.
std::optional<std::string> normal_full_name(std::string_view name);

/// Changes an index.json and keeps whatever it does not know.
class LayoutIndexEditor {
public:
  /// An empty `text` gives a new index.
  LayoutIndexEditor(std::string_view text, const std::string& what);
  ~LayoutIndexEditor();
  LayoutIndexEditor(const LayoutIndexEditor&) = delete;
  LayoutIndexEditor& operator=(const LayoutIndexEditor&) = delete;

  /// Puts each manifest under its ref.name, at the place of the entry that had it. Throws
  /// Error{usage} if several images of different full names have a name.
  void set_tags(const std::map<std::string, oci::Descriptor>& tags);

  /// Lists manifests without a name, except those that are listed.
  void add(const std::vector<oci::Descriptor>& added);

  /// Removes the entries that find() of LayoutIndex gives for `name`; false if there are none.
  bool remove_tag(const std::string& name);
  bool remove_manifest(const oci::Digest& digest);
  void clear();

  [[nodiscard]] std::string print() const;

private:
  void refuse_ambiguous(const std::map<std::string, oci::Descriptor>& tags) const;
  [[nodiscard]] Json& manifests() const;

  std::string what_;
  std::unique_ptr<Json> document_;
};

} // namespace regctl
