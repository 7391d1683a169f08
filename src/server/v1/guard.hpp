// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/http/message.hpp"
#include "server/v1/auth.hpp"
#include "server/v1/target.hpp"

#include <optional>
#include <string>

namespace regctl::server {

struct Service;

/// The credentials that a route needs, if there are users.
enum class Guard {
  anybody,
  user,       ///< Basic
  listing,    ///< Basic; none with public_read, which lists only public repositories
  index,      ///< Basic; none for reading a public repository with public_read
  repository, ///< Basic, or a user's token for the repository; likewise none
  image, ///< Basic, or a user's token; or an anonymous one for a public repository that has the
         ///< image
};

/// The access that a method needs.
Access access_of(const std::string& method) noexcept;

/// The refusal of a client without access; nothing if it has access.
std::optional<Response> refuse_stranger(Guard guard, const Service& service, const Request& request,
                                        const Target& target);

} // namespace regctl::server
