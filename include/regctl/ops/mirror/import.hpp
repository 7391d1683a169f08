// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::ops::mirror {

/// A program whose configuration can be read: skopeo sync (--src yaml), regclient's regsync,
/// image-syncer, dregsy.
enum class ForeignProgram { skopeo, regsync, image_syncer, dregsy };

/// "skopeo", "regsync", "image-syncer", "dregsy".
std::string_view to_string(ForeignProgram program) noexcept;

/// A configuration of another program.
struct ForeignFile {
  std::string name; ///< for messages and comments
  std::string text; ///< YAML or JSON
};

struct ImportOptions {
  std::optional<ForeignProgram> program; ///< nothing: the files' content tells it
  /// HOST[:PORT] or HOST[:PORT]/NAMESPACE/ for a program whose file names no destination (skopeo);
  /// empty for the others.
  std::string destination;
};

/// A mirror file (regctl-mirror(5)) that parse_mirror_config() reads. What could not be carried
/// over is told in comments. Passwords and tokens of the foreign file are in none of its lines.
struct ImportedConfig {
  std::string text;
  ForeignProgram program = ForeignProgram::skopeo;
  std::size_t mirrors = 0;  ///< how many it has
  std::size_t left_out = 0; ///< how many it lacks, each with a comment that says why
  std::size_t remarks = 0;  ///< other comments about what could not be carried over
};

/// Makes a mirror file of another program's configuration. A mirror that would copy more than the
/// program does, or under other names, is left out. Several files are those of image-syncer: its
/// images and its auth. Throws Error{usage} for files that are neither YAML nor JSON, of no known
/// program or of several, and for a destination that is missing or not wanted; Error{unsupported}
/// if every mirror would be left out. Sources: skopeo 1.22 (cmd/skopeo/sync.go), regclient 0.11
/// (cmd/regsync/config.go), image-syncer 1.5 (pkg/utils/url.go), dregsy 0.5
/// (internal/pkg/{sync,tags}).
ImportedConfig import_config(const std::vector<ForeignFile>& files, const ImportOptions& options);

} // namespace regctl::ops::mirror
