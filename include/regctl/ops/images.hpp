// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/place.hpp>
#include <regctl/ops/session.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace regctl::ops {

struct ImageRow {
  std::string repository; ///< "team/app", in an archive "host/team/app"
  std::string tag;
  std::optional<std::string> id;           ///< nothing for a tag that the server cannot read
  std::string created;                     ///< RFC 3339 or empty
  std::optional<std::uint64_t> size_bytes; ///< of all stored layers; nothing where not known
  std::string problem;                     ///< why the image cannot be read; empty if all is well
};

/// Every tag of every repository of a registry, repositories in name order, tags in theirs; each
/// row is handed out as soon as it is known. Repositories come from search or the server's listing.
/// An image that cannot be read is a row with a problem, not an error.
void list_images(Session& session, const RegistryHost& host,
                 const std::function<void(const ImageRow&)>& on_row);

/// The tags of one repository, or what is in an archive or the engine.
void list_images(Session& session, const Place& place,
                 const std::function<void(const ImageRow&)>& on_row);

} // namespace regctl::ops
