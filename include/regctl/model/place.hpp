// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/reference.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace regctl {

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

  /// What a text without a scheme means.
  enum class Bare { registry, archive_or_registry };

  /// Reads one of the forms above. With archive_or_registry a text that is "-", names an existing
  /// file, starts with "/", "./" or "../", or ends in ".tar", ".tgz", ".tar.gz" or ".tar.zst" is a
  /// docker archive. Names inside archives and the daemon may lack a host. Throws Error{usage}.
  static Place parse(std::string_view text, Bare bare = Bare::registry);

  /// Whether `text` begins with one of the schemes above other than "docker://".
  static bool has_scheme(std::string_view text) noexcept;

  /// As parse() takes it back, with the scheme ("docker://" for a registry).
  [[nodiscard]] std::string to_string() const;
};

} // namespace regctl
