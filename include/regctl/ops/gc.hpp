// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/ops/session.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace regctl::ops {

struct GcOptions {
  bool apply = false; ///< remove; otherwise tell what would be removed
  bool force = false; ///< also in a tree with damaged tags
  std::chrono::seconds grace = std::chrono::hours(24); ///< how long dead uploads are kept
};

struct GcImage {
  enum class Why {
    orphan,      ///< no tag reaches it
    dead_upload, ///< never completed, and nothing moved for longer than the grace
    remnant,     ///< a removal that was interrupted
  };
  std::string id;
  Why why = Why::orphan;
  std::optional<std::uint64_t> layer_size_bytes; ///< nothing if there is no layer
};

/// "orphan", "dead upload", "remnant".
std::string_view to_string(GcImage::Why why) noexcept;

struct GcReport {
  std::uint64_t images = 0;
  std::uint64_t layer_bytes = 0;
  std::uint64_t temporary_files = 0; ///< half written, of writers that were killed
  std::uint64_t temporary_bytes = 0;
  std::uint64_t young_uploads = 0; ///< dead uploads that were kept, since they may yet go on
  std::uint64_t kept_images = 0;   ///< in all
};

/// Removes from the storage tree `folder` the images that no tag of any repository reaches,
/// children before their parents, and takes them out of the repositories' lists of images;
/// `on_image` hears, on the caller's thread, each one when it is gone, or what would go.
/// Interrupted at any moment, the tree is sound, and the next run finishes the work.
///
/// What a chain that is broken may have had below the break (its ancestries say) is kept. Throws
/// Error{unavailable}, with `apply`, while others have the tree for writing, Error{integrity} if a
/// tag is damaged (as audit() sees without reading layers) unless `force`, Error{local_io} if what
/// tells what a tag needs cannot be read, also with `force`, Error{not_found} if there is no tree.
GcReport collect_garbage(Session& session, const std::string& folder, const GcOptions& options,
                         const std::function<void(const GcImage&)>& on_image);

} // namespace regctl::ops
