// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/http/message.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::server {

/// The images in an announcement.
struct ImageList {
  std::vector<std::string> ids;  ///< as sent, possibly with duplicates
  std::vector<std::string> sums; ///< one for each ID, or ""
};

/// Reads the body of an announcement, [{"id": ID, "Tag": …, "checksum": …}, …], entry by entry,
/// because a parsed document takes many times its size. Returns nothing, or the refusal: 400, or
/// 413 for more than 250,000 images.
std::optional<Response> read_image_list(std::string_view body, ImageList& list);

} // namespace regctl::server
