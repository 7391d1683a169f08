// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/reference.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace regctl {

/// What there is at a path here, as far as places are concerned.
enum class PathContent {
  nothing,
  file,         ///< or a FIFO, a device
  storage_tree, ///< a folder with a v1 registry's images/ or repositories/
  oci_layout,   ///< a folder with the file oci-layout
  other_folder,
};

/// Looks at a path of this machine: formats/path_content does. An empty one finds nothing.
using LookAtPath = std::function<PathContent(const std::string& path)>;

/// Where images come from or go to, as written on the command line.
struct Place {
  enum class Kind {
    registry,       ///< [docker://]HOST/NAME[:TAG|@DIGEST]
    docker_archive, ///< docker-archive:FILE[:NAME[:TAG]], FILE "-" is stdin or stdout
    docker_daemon,  ///< docker-daemon:NAME[:TAG]
    oci_layout,     ///< oci:DIR[:TAG]
    oci_archive,    ///< oci-archive:FILE[:TAG]
    v1_storage,     ///< v1-storage:DIR[:NAME[:TAG]]
  };

  Kind kind = Kind::registry;
  std::string path;                   ///< of a file or folder; empty for a registry and the daemon
  std::optional<Reference> reference; ///< the image, or nothing for "whatever is in there"

  /// Reads one of the forms above, or a text without a scheme: what find_here() finds, else an
  /// image at a registry. Names inside archives and the daemon may lack a host. Throws
  /// Error{usage}.
  static Place parse(std::string_view text, const LookAtPath& look = {});

  /// The place on this machine that a text without a scheme names; nothing for what is at a
  /// registry. It is one
  /// - if it is "-", begins with "/", "./" or "../", or is "." or "..";
  /// - if it ends as archives do (".tar", ".tgz", …), unless a port makes a registry of it;
  /// - if something of that name is here, and it cannot be a registry: its first part has neither
  ///   '.' nor ':' nor is it "localhost". A word alone may still be a host of the local network:
  ///   then the folder has to be a storage tree or a layout.
  ///
  /// What is there tells which place it is; "[:NAME[:TAG]]" behind a tree, a layout or a file that
  /// is there names an image in it. Throws Error{usage} for what may be either (may_be_either()),
  /// with both ways to write it, and for a folder that holds nothing of the kind.
  static std::optional<Place> find_here(std::string_view text, const LookAtPath& look);

  /// Whether something of the name `text` is here, and it could as well be a registry. "./" or
  /// "docker://" before it decides.
  static bool may_be_either(std::string_view text, const LookAtPath& look);

  /// Whether `text` begins with one of the schemes above other than "docker://".
  static bool has_scheme(std::string_view text) noexcept;

  /// As parse() takes it back, with the scheme ("docker://" for a registry).
  [[nodiscard]] std::string to_string() const;
};

} // namespace regctl
