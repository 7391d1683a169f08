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
  std::string repository;        ///< "team/app"; in an archive "host/team/app", or "<none>"
  std::string tag;               ///< or "<none>"
  std::optional<std::string> id; ///< nothing for a tag that the server cannot read
  std::string created;           ///< RFC 3339 or empty
  std::optional<std::uint64_t> size_bytes; ///< of all stored layers; nothing where not known
  std::string problem;                     ///< why the image cannot be read; empty if all is well
};

/// Every tag of every repository of a registry, repositories in name order, tags in theirs; the
/// rows of a repository are handed out, on the caller's thread, as soon as they are known.
/// Repositories come from search or the server's listing. An image that cannot be read is a row
/// with a problem, not an error. Throws Error{unsupported} where repositories cannot be listed.
void list_images(Session& session, const RegistryHost& host,
                 const std::function<void(const ImageRow&)>& on_row);

/// The tags of one repository (or the one that is named), of all repositories of a storage tree, or
/// what is in an archive or the engine. Throws Error{not_found} for a repository or tag that is not
/// there.
void list_images(Session& session, const Place& place,
                 const std::function<void(const ImageRow&)>& on_row);

} // namespace regctl::ops
