// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/reference.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace regctl {

/// The kind of thing at a local path, as far as places need to know.
enum class PathContent {
  nothing,
  file,         ///< or a FIFO, a device
  storage_tree, ///< a folder with a v1 registry's images/ or repositories/
  v2_tree,      ///< a folder with a v2 registry's docker/registry/v2/
  oci_layout,   ///< a folder with the file oci-layout
  other_folder,
};

/// Returns the kind of thing at a local path; nothing is at an empty path. The implementation is
/// formats/path_content.
using LookAtPath = std::function<PathContent(const std::string& path)>;

/// How the path of a storage tree in a bucket begins: "s3://BUCKET[/PREFIX]".
inline constexpr std::string_view k_bucket_scheme = "s3://";

/// Whether the path of a storage tree is that of a bucket, not of a folder.
constexpr bool is_in_bucket(std::string_view path) noexcept {
  return path.starts_with(k_bucket_scheme);
}

/// A place that images come from or go to, as written on the command line.
struct Place {
  enum class Kind {
    registry,       ///< [docker://]HOST/NAME[:TAG][@DIGEST], or v1:// or v2:// before it
    docker_archive, ///< docker-archive:FILE[:NAME[:TAG]], FILE "-" is stdin or stdout
    docker_daemon,  ///< docker-daemon:NAME[:TAG]
    oci_layout,     ///< oci:DIR[:NAME|@DIGEST]
    oci_archive,    ///< oci-archive:FILE[:NAME|@DIGEST]
    v1_storage,     ///< v1-storage:DIR[:NAME[:TAG]], v1-storage:s3://BUCKET[/PREFIX][:NAME[:TAG]]
    v2_storage,     ///< the same of a v2 registry: v2-storage:DIR[:NAME[:TAG|@DIGEST]]
  };

  Kind kind = Kind::registry;
  std::string path; ///< of a file or folder, or in a bucket; empty for a registry and the daemon
  std::optional<Reference> reference;    ///< the image, or nothing for all images in the place
  std::optional<Protocol> protocol = {}; ///< the one to speak with the registry, if it was named
  /// The reference was written without a host, so that docker.io is only implied.
  bool implies_host = false;
  /// The name of an image in an OCI layout or archive: a tag, a full name or any other text, or
  /// its digest. Nothing for all images in the place.
  std::optional<std::string> entry = {};

  /// Reads one of the forms above. A text without a scheme is a local place if find_here() says so,
  /// else an image at a registry. Names inside archives and the daemon may lack a host. Throws
  /// Error{usage}.
  static Place parse(std::string_view text, const LookAtPath& look = {});

  /// The local place that a text without a scheme names; nothing if it names a registry. It is
  /// local
  /// - if it is "-", begins with "/", "./" or "../", or is "." or "..";
  /// - if it ends as archives do (".tar", ".tgz", …), unless a port makes a registry of it;
  /// - if a file or folder of that name exists and the text cannot be a registry: its first part
  ///   has neither '.' nor ':' and is not "localhost". A single word may still be a host of the
  ///   local network, so that the folder must be a storage tree or a layout.
  ///
  /// The kind of place follows from the file or folder found. "[:NAME[:TAG]]" behind an existing
  /// tree, layout or file names an image in it. Throws Error{usage} for an ambiguous text
  /// (may_be_either()), showing both ways to write it, and for a folder that is neither tree nor
  /// layout.
  static std::optional<Place> find_here(std::string_view text, const LookAtPath& look);

  /// Whether a file or folder of the name `text` exists and `text` could as well be a registry. The
  /// user decides by writing "./" or "docker://" before it.
  static bool may_be_either(std::string_view text, const LookAtPath& look);

  /// Whether the place is one of those whose images have an `entry` instead of a reference.
  [[nodiscard]] bool has_entries() const noexcept {
    return kind == Kind::oci_layout || kind == Kind::oci_archive;
  }

  /// Whether the place is a storage tree of a registry, of either protocol.
  [[nodiscard]] bool is_storage() const noexcept {
    return kind == Kind::v1_storage || kind == Kind::v2_storage;
  }

  /// Whether `text` begins with one of the schemes above other than "docker://", "v1://" and
  /// "v2://".
  static bool has_scheme(std::string_view text) noexcept;

  /// The text that parse() reads as this place, always with a scheme ("docker://" for a registry,
  /// unless a protocol was named).
  [[nodiscard]] std::string to_string() const;
};

/// Reads the name of an image in a place of this kind. Those in storage trees have no host: a tree
/// holds the repositories of one registry. Throws Error{usage} as Reference::parse().
Reference parse_name_in(Place::Kind kind, std::string_view name);

} // namespace regctl
