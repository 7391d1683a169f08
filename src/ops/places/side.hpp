// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/places/protocol.hpp"
#include "ops/places/tag_listing.hpp"

#include <regctl/model/repository.hpp>
#include <regctl/model/v1/access.hpp>
#include <regctl/ops/places/endpoint.hpp>
#include <regctl/ops/session.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace regctl::ops {

/// Whether a repository is to be processed.
using InScope = std::function<bool(const std::string& name)>;

/// One side of a mirror: the repositories below an endpoint. Thread-safe.
class Side {
public:
  virtual ~Side() = default;

  /// For messages: "host:5000", "v1-storage:DIR".
  [[nodiscard]] virtual std::string describe() const = 0;

  /// The names of all repositories ("team/app"), sorted, without duplicates. A registry is listed
  /// in every available way: by search, and by the listing of docker-registry-server (npm). If
  /// these disagree within the scope, a note says so. Throws Error{unsupported} if there is no way.
  virtual std::vector<std::string> repositories(const InScope& is_in_scope) = 0;

  /// Calls `on_names` with the names of all repositories as they become known: page by page, in the
  /// side's order, for a catalog; all at once for others. A name may come twice. Throws as
  /// repositories().
  virtual void
  list_in_pages(const InScope& is_in_scope,
                const std::function<void(const std::vector<std::string>& names)>& on_names) {
    on_names(repositories(is_in_scope));
  }

  /// The tags of a repository; nothing if it does not exist. Makes at most one request, and none if
  /// a listing of all tags is younger than k_fresh.
  virtual std::optional<ListedTags> tags(const std::string& name) = 0;

  /// The images of a repository.
  virtual AnyRepository open(const std::string& name) = 0;

  /// Who may read a repository, as the store says it: only v1 knows private ones. Nothing if the
  /// store does not let us know. Makes a request at a registry.
  virtual std::optional<RepositoryAccess> access(const std::string& /*name*/) {
    return RepositoryAccess::open;
  }

  /// Whether everybody can read all that the store has. Makes at most one request.
  virtual bool is_open_to_all() { return false; }

  /// The model of its images.
  [[nodiscard]] virtual Model model() const = 0;

  /// Whether layers are stored as they were pushed. Archives often hold them unpacked.
  [[nodiscard]] virtual bool holds_pushed_layers() const { return true; }

  /// Whether the side is a server, so that every access costs requests.
  [[nodiscard]] virtual bool is_remote() const { return false; }

  /// The number of requests that listing has taken so far, and would take again. Requests that
  /// detect the protocol are not counted.
  [[nodiscard]] virtual std::uint64_t listing_requests() const { return 0; }

  /// A text that distinguishes the store from all others, whatever part of it is named:
  /// "docker://host:5000".
  [[nodiscard]] virtual std::string identity() const = 0;

  static constexpr std::chrono::seconds k_fresh{60};
};

/// The repositories of a registry, as Side::repositories() returns them, for a command that only
/// lists.
std::vector<std::string> list_repositories(Side& registry, const InScope& is_in_scope);

/// Likewise as Side::list_in_pages() tells them.
void list_repositories(Side& registry, const InScope& is_in_scope,
                       const std::function<void(const std::vector<std::string>& names)>& on_names);

/// Opens a side for reading. Throws the errors of opening a tree or an archive; Error{unsupported}
/// for places that cannot be mirrored.
std::unique_ptr<Side> open_source(Session& session, const Endpoint& endpoint);

/// Opens the place of the v1 images from which OCI images were made, as open_source() does. Throws
/// Error{usage} for one with other images.
std::unique_ptr<Side> open_originals(Session& session, const Endpoint& originals);

/// How many repositories will be asked for their tags. For `many`, a listing of all tags is tried
/// first.
enum class Extent { one, many };

enum class Purpose {
  write,
  plan, ///< create nothing
};

/// Opens a side for writing: a registry, or a storage tree, which is created if it does not exist.
std::unique_ptr<Side> open_destination(Session& session, const Endpoint& endpoint, Extent extent,
                                       Purpose purpose);

/// The first names of a list, for a note: "a, b, c, …".
std::string first_names(const std::vector<std::string>& names);

/// Notes the names in the scope that are in one list but not in the other: "3 repositories are in
/// ONE and not in OTHER: a, b, c". Both lists must be sorted. No note if there are none.
void note_difference(Progress& progress, const std::vector<std::string>& one,
                     const std::string& one_name, const std::vector<std::string>& other,
                     const std::string& other_name, const InScope& is_in_scope);

/// Throws Error{not_found} for a repository that the user named but the side does not have. The
/// hint says if it is a namespace, or names a similar repository; for that, lists the side.
[[noreturn]] void throw_no_repository(Side& side, const std::string& name);

/// Throws Error{not_found} for a namespace ("team") that the user named but the side does not have.
/// The hint says what the side has. `names` are all its repositories.
[[noreturn]] void throw_no_namespace(const Side& side, const std::string& name_space,
                                     const std::vector<std::string>& names);

} // namespace regctl::ops
