// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/http/message.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::server {

/// The images that an announcement names.
struct ImageList {
  std::vector<std::string> ids;  ///< as they were written, perhaps more than once
  std::vector<std::string> sums; ///< of each, or ""
};

/// Reads the body of an announcement, [{"id": ID, "Tag": …, "checksum": …}, …], entry by entry: a
/// document of it would take many times its size. A problem is the answer to it: 400, or 413 for
/// more than 250,000 images.
std::optional<Response> read_image_list(std::string_view body, ImageList& list);

} // namespace regctl::server
