// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/place.hpp>
#include <regctl/ops/session.hpp>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace regctl::ops {

enum class TagChoice {
  one, ///< the tag that the source names, else "latest"; of an archive its only image
  all, ///< all tags of the repository, or all that is in the archive
};

/// What becomes of layers that are plain tar files when they go to a registry.
enum class PlainLayers {
  gzip, ///< compressed on the way, as engines do
  keep, ///< byte for byte
};

struct CopyOptions {
  TagChoice tags = TagChoice::one;
  LayerCheck check = LayerCheck::verify; ///< `none` rescues damaged layers as they are
  PlainLayers plain_layers = PlainLayers::gzip;
  bool require_checksum = false; ///< refuse images of which the source tells no checksum
  /// A registry at which the images keep their names; then the destination is a registry without
  /// a reference.
  std::optional<RegistryHost> host;
  std::string name_space; ///< there, below which they get them: "team"
};

struct CopiedTag {
  std::string source;      ///< "docker://host:5000/team/app:1.0"
  std::string destination; ///< "docker-archive:app.tar:host:5000/team/app:1.0"
  std::string id;
  bool is_verified =
      true; ///< the source tells a checksum of each layer of the chain, and it counts
};

struct CopyReport {
  std::vector<CopiedTag> tags;
  std::uint64_t images_copied = 0;
  std::uint64_t images_skipped = 0;        ///< were there already
  std::uint64_t bytes_copied = 0;          ///< of layers, as read from the source
  std::uint64_t images_unverified = 0;     ///< of those copied, without a checksum that was checked
  std::set<std::string> unverified_chains; ///< IDs of tags' images above or of such a one
};

/// Copies one tag or all tags with their chains between any two places that hold v1 images:
/// registry, docker archive, engine, storage tree. Layers run in parallel under the session's jobs;
/// what is at the destination is skipped; a tag moves only when its whole chain is there, so that
/// after a failure no tag has changed whose images are not whole, and what has arrived is skipped
/// the next time. An archive appears under its name only when it is complete.
///
/// A layer that fails verification is fetched once more, unless the destination cannot take bytes
/// back (an archive to standard output), then throws Error{integrity} naming image and store.
/// A layer without a checksum is counted, and a note says so; with `require_checksum` its image is
/// Error{integrity} before anything moves. Throws Error{not_found} for a tag or an image of its
/// chain that is not there. An archive may lack the base of a chain, or its layers, where a
/// registry or storage tree has them already.
///
/// A destination without a name takes the source's; without a tag, the source's tag. An archive
/// keeps the name under which the image is pulled, with its host, as `docker save` does. Copying a
/// place onto itself is Error{usage}. Places of protocol v2 are Error{unsupported} for now.
CopyReport copy(Session& session, const Place& from, const Place& to, const CopyOptions& options);

} // namespace regctl::ops
