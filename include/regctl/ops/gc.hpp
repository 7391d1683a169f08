// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/formats/v1_storage.hpp>
#include <regctl/ops/session.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace regctl::ops {

struct GcOptions {
  bool apply = false; ///< remove images; otherwise only report them
  bool force = false; ///< also in a tree with damaged tags
  /// Minimum age of removed dead uploads; in a bucket of all that is removed.
  std::chrono::seconds grace = std::chrono::hours(24);
};

struct GcImage {
  enum class Why {
    orphan,      ///< no tag reaches it
    dead_upload, ///< never completed, and unchanged for longer than the grace
    remnant,     ///< left behind by an interrupted removal
  };
  std::string id;
  Why why = Why::orphan;
  std::optional<std::uint64_t> layer_size_bytes; ///< nothing without a layer
};

/// "orphan", "dead upload", "remnant".
std::string_view to_string(GcImage::Why why) noexcept;

struct GcReport {
  std::uint64_t images = 0;
  std::uint64_t layer_bytes = 0;
  std::uint64_t temporary_files = 0; ///< half-written files of processes that were killed
  std::uint64_t temporary_bytes = 0;
  std::uint64_t young_uploads = 0; ///< kept dead uploads, which may be resumed
  std::uint64_t kept_images = 0;   ///< of any kind
  std::uint64_t young_images = 0;  ///< kept images, which an upload under way may need: in a bucket
};

/// Removes from the storage tree at `path` the images that no tag of any repository reaches,
/// children before their parents, and takes them out of the repositories' lists of images.
/// `on_image` is called on the caller's thread for each removed image, or for each that would be
/// removed. After an interruption at any moment the tree is sound, and the next run finishes the
/// work.
///
/// Images below the break of a broken chain are kept as far as the recorded ancestries name them.
/// Throws Error{unavailable}, with `apply`, while other processes have the tree open for writing.
/// In a bucket they cannot be seen: there all that is younger than the grace is kept, which must be
/// an hour or more (else Error{usage}). Images to remove are marked first, and spared if a tag has
/// come to need them meanwhile, which is looked at again as the removal goes on. Throws
/// Error{integrity} if a tag is damaged (as audit() finds without reading layers), unless `force`.
/// Throws Error{local_io}, even with `force`, if a file that shows which images a tag needs cannot
/// be read. Throws Error{not_found} if there is no tree.
GcReport collect_garbage(Session& session, const std::string& path, const GcOptions& options,
                         const std::function<void(const GcImage&)>& on_image);

/// Collects the garbage of a tree that is open already.
GcReport collect_garbage(Session& session, std::shared_ptr<V1Storage> storage,
                         const GcOptions& options,
                         const std::function<void(const GcImage&)>& on_image);

} // namespace regctl::ops
