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
  std::string repository; ///< "team/app"; for an archive the name that docker shows, or "<none>"
  std::string tag;        ///< the tag, or "<none>"
  std::optional<std::string> id;           ///< nothing for a tag that the server cannot read
  std::string created;                     ///< RFC 3339 or empty
  std::optional<std::uint64_t> size_bytes; ///< of all stored layers; nothing if unknown
  std::exception_ptr problem;              ///< why the image cannot be read; null if it can
};

/// Receives a listing on the caller's thread.
struct ImagesListener {
  /// Called if there may be several repositories, with the names of some before their rows: those
  /// of one page of a catalog, or of all.
  std::function<void(const std::vector<std::string>& repositories)> on_repositories;
  std::function<void(const ImageRow&)> on_row;
  /// A repository that could not be listed, and why. The listing goes on.
  std::function<void(const std::string& repository, const std::exception_ptr& problem)> on_problem;
};

/// Lists every tag of every repository of a registry, sorted by repository and tag; of a catalog
/// each page is sorted by itself. The rows of a repository are passed on as soon as they are known,
/// also while further pages are still read. The names of repositories come from search or from the
/// server's listing. An image that cannot be read, or whose upload is under way, is a
/// row with a problem and no error; no upload is waited for. Throws Error{unsupported} if
/// repositories cannot be listed.
///
/// With a `name_space` ("team"), lists only the repositories below it; Error{not_found} if there
/// are none.
void list_images(Session& session, const RegistryHost& host, const std::string& name_space,
                 const ImagesListener& listener);

/// Lists the tags of one repository (or the named tag), of all repositories of a storage tree, or
/// the images of an archive or the engine. Throws Error{not_found} for a missing repository or tag,
/// and for a single repository any error that prevents its listing.
void list_images(Session& session, const Place& place, const ImagesListener& listener);

} // namespace regctl::ops
