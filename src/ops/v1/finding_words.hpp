// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

namespace regctl::ops {

/// What the details of findings say, in audit and verify alike: whoever finds the same says it in
/// the same words.

/// Of a layer without a byte.
inline constexpr const char* k_no_bytes = "no bytes";

/// Of a dead upload of which no more is known.
inline constexpr const char* k_never_completed = "never completed, or under way";
/// Of a dead upload that was read and is whole.
inline constexpr const char* k_whole_upload = "whole";

/// Of a tag that leads nowhere: it is listed and names no image, or names one that is not there.
inline constexpr const char* k_no_image_id = "no image ID can be read from it";
inline constexpr const char* k_image_gone = "its image is not there";

/// Of an image in a loop of parents, and of one with more than k_max_chain images in its chain.
inline constexpr const char* k_own_ancestor = "it is an ancestor of its own";
inline constexpr const char* k_chain_too_long = "its chain has too many images";

/// Of an ancestry with so many images where the parents tell `expected`, or as many others.
std::string words_for_ancestry(std::size_t recorded, std::size_t expected);

/// Of a JSON that is that of image `id`.
std::string words_for_other_image(const std::string& id);

/// Of an image whose parent is not there; and of that parent.
std::string words_for_lost_parent(const std::string& parent);
std::string words_for_lost_parent_of(const std::string& child);

} // namespace regctl::ops
