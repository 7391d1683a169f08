// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/places/tag_listing.hpp"

#include <regctl/model/repository.hpp>
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

/// Whether a repository is one of those that are looked at.
using InScope = std::function<bool(const std::string& name)>;

/// One side of a mirror: the repositories below an endpoint. Thread-safe.
class Side {
public:
  virtual ~Side() = default;

  /// For messages: "host:5000", "v1-storage:DIR".
  [[nodiscard]] virtual std::string describe() const = 0;

  /// The names of all repositories ("team/app"), sorted, each once. For a registry of every way
  /// there is to list it: search, and the listing of docker-registry-server (npm); where these
  /// disagree about what is in the scope, a note says so. Throws Error{unsupported} where there is
  /// none.
  virtual std::vector<std::string> repositories(const InScope& is_in_scope) = 0;

  /// The tags of a repository; nothing if there is no such one. One request at most, and none where
  /// a listing of less than k_fresh ago told them.
  virtual std::optional<ListedTags> tags(const std::string& name) = 0;

  /// The images of a repository.
  virtual AnyRepository open(const std::string& name) = 0;

  /// Whether images lie there as they were pushed; those of archives are often unpacked.
  [[nodiscard]] virtual bool holds_pushed_layers() const { return true; }

  /// Whether it is a server, which everything costs requests.
  [[nodiscard]] virtual bool is_remote() const { return false; }

  /// How many requests listing has taken so far: as many as it takes again. Those that find out
  /// what speaks there are not among them.
  [[nodiscard]] virtual std::uint64_t listing_requests() const { return 0; }

  /// What tells it from other sides, whatever is named below it: "docker://host:5000".
  [[nodiscard]] virtual std::string identity() const = 0;

  static constexpr std::chrono::seconds k_fresh{60};
};

/// The names of a registry's repositories, as Side::repositories() gives them, for a command that
/// only lists.
std::vector<std::string> list_repositories(Side& registry, const InScope& is_in_scope);

/// A side to read from. Throws what opening a tree or an archive throws, Error{unsupported} for
/// places that cannot be mirrored.
std::unique_ptr<Side> open_source(Session& session, const Endpoint& endpoint);

/// Of how many repositories the tags will be asked for: for many, a listing of all is tried first.
enum class Extent { one, many };

enum class Purpose {
  write,
  plan, ///< nothing is made
};

/// A side to write to: a registry, or a storage tree, which is made if it is not there.
std::unique_ptr<Side> open_destination(Session& session, const Endpoint& endpoint, Extent extent,
                                       Purpose purpose);

/// The first names of a list, for a note: "a, b, c, …".
std::string first_names(const std::vector<std::string>& names);

/// Says which names in the scope one list has and the other one, both sorted, has not: "3
/// repositories are in ONE and not in OTHER: a, b, c". Nothing where there are none.
void note_difference(Progress& progress, const std::vector<std::string>& one,
                     const std::string& one_name, const std::vector<std::string>& other,
                     const std::string& other_name, const InScope& is_in_scope);

/// A repository that a user named has to be there: Error{not_found}, with a hint that says if it is
/// the name of a namespace, or what is like it. Asks the side for all its names.
[[noreturn]] void throw_no_repository(Side& side, const std::string& name);

/// A namespace that a user named has to be there: Error{not_found}, with a hint that says what the
/// side has. `name_space` is "team", `names` all that are listed.
[[noreturn]] void throw_no_namespace(const Side& side, const std::string& name_space,
                                     const std::vector<std::string>& names);

} // namespace regctl::ops
