// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/v1/service.hpp"

#include <optional>

namespace regctl::server {

/// Who may make a request, where there are users at all.
enum class Guard {
  anybody,
  user,       ///< Basic
  listing,    ///< Basic; with public_read free, for what is not private
  index,      ///< Basic; reading a public repository is free with public_read
  repository, ///< Basic or a token for the repository; as above
  image,      ///< Basic or a user's token; anybody's for a public repository that has the image
};

/// The access that a method needs.
Access access_of(const std::string& method) noexcept;

/// The answer to who may not; nothing for who may.
std::optional<Response> refuse_stranger(Guard guard, const Service& service, const Request& request,
                                        const Target& target);

} // namespace regctl::server
