// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

namespace regctl::ops {

/// Details of findings. Audit and verify use the same words for the same fault.

/// A layer without a single byte.
inline constexpr const char* k_no_bytes = "no bytes";

/// A dead upload with no further facts.
inline constexpr const char* k_never_completed = "never completed, or under way";
/// A dead upload that was read and is complete.
inline constexpr const char* k_whole_upload = "whole";

/// A tag that leads nowhere: it names no image, or a missing one.
inline constexpr const char* k_no_image_id = "no image ID can be read from it";
inline constexpr const char* k_image_gone = "its image is not there";

/// An image in a loop of parents; an image with more than k_max_chain images in its chain.
inline constexpr const char* k_own_ancestor = "it is an ancestor of its own";
inline constexpr const char* k_chain_too_long = "its chain has too many images";

/// An ancestry of `recorded` images while the parents give `expected`, or equally many other ones.
std::string words_for_ancestry(std::size_t recorded, std::size_t expected);

/// A JSON that belongs to the image `id`.
std::string words_for_other_image(const std::string& id);

/// An image without its parent; the missing parent itself.
std::string words_for_lost_parent(const std::string& parent);
std::string words_for_lost_parent_of(const std::string& child);

} // namespace regctl::ops
