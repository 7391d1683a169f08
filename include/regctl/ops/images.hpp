// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/place.hpp>
#include <regctl/ops/session.hpp>

#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace regctl::ops {

struct ImageRow {
  std::string repository;        ///< "team/app"; in an archive as docker shows it, or "<none>"
  std::string tag;               ///< or "<none>"
  std::optional<std::string> id; ///< nothing for a tag that the server cannot read
  std::string created;           ///< RFC 3339 or empty
  std::optional<std::uint64_t> size_bytes; ///< of all stored layers; nothing where not known
  std::exception_ptr problem;              ///< why the image cannot be read; null if all is well
};

/// Hears a listing on the caller's thread.
struct ImagesListener {
  /// Before the first row, where there are several repositories: the names of all.
  std::function<void(const std::vector<std::string>& repositories)> on_repositories;
  std::function<void(const ImageRow&)> on_row;
  /// A repository that could not be listed, and why; the listing goes on.
  std::function<void(const std::string& repository, const std::exception_ptr& problem)> on_problem;
};

/// Every tag of every repository of a registry, repositories in name order, tags in theirs; the
/// rows of a repository are handed out as soon as they are known. Repositories come from search or
/// the server's listing. An image that cannot be read is a row with a problem, not an error, and so
/// is one whose upload is under way: nothing is waited for. Throws Error{unsupported} where
/// repositories cannot be listed.
/// With a `name_space` ("team") only of the repositories below it; Error{not_found} if there is
/// none.
void list_images(Session& session, const RegistryHost& host, const std::string& name_space,
                 const ImagesListener& listener);

/// The tags of one repository (or the one that is named), of all repositories of a storage tree, or
/// what is in an archive or the engine. Throws Error{not_found} for a repository or tag that is not
/// there, and for a single repository whatever keeps it from being listed.
void list_images(Session& session, const Place& place, const ImagesListener& listener);

} // namespace regctl::ops
