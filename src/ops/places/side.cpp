// SPDX-License-Identifier: Apache-2.0
#include "ops/places/absent_tree.hpp"
#include "ops/places/nearest.hpp"
#include "ops/places/oci_side.hpp"
#include "ops/places/open.hpp"
#include "ops/places/protocol.hpp"
#include "ops/places/reach.hpp"
#include "ops/places/storage.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/text.hpp>
#include <regctl/formats/docker_archive.hpp>
#include <regctl/formats/v1_storage.hpp>
#include <regctl/model/oci/repository.hpp>
#include <regctl/model/reference.hpp>
#include <regctl/model/v1/repository.hpp>
#include <regctl/ops/places/names.hpp>
#include <regctl/registry/registries.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <iterator>
#include <map>
#include <mutex>
#include <set>
#include <utility>

namespace regctl::ops {

namespace {

using Clock = std::chrono::steady_clock;

/// The tags of all repositories from one listing by the server. Each repository's tags are one text
/// ("1.0 ID\n2.0 ID\n", without an ID if it cannot be read), since a map of maps would take four
/// times the memory.
class AllTags {
public:
  void add(const std::string& name, const std::string& tag, const std::optional<std::string>& id) {
    repositories_[name] += tag + " " + id.value_or("") + "\n";
  }

  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& [name, tags] : repositories_) {
      names.push_back(name);
    }
    return names;
  }

  [[nodiscard]] bool is_fresh() const { return Clock::now() - since_ < Side::k_fresh; }

  [[nodiscard]] std::optional<TagListing> tags(const std::string& name) const {
    const auto found = repositories_.find(name);
    if (found == repositories_.end()) {
      return std::nullopt;
    }
    TagListing tags;
    std::string_view rest = found->second;
    while (!rest.empty()) {
      const auto space = rest.find(' ');
      const auto end = rest.find('\n');
      const auto id = rest.substr(space + 1, end - space - 1);
      tags[std::string(rest.substr(0, space))] =
          id.empty() ? std::nullopt : std::optional<std::string>(id);
      rest.remove_prefix(end + 1);
    }
    return tags;
  }

private:
  Clock::time_point since_ = Clock::now();
  std::map<std::string, std::string> repositories_;
};

class RegistrySide final : public Side {
public:
  RegistrySide(Session& session, RegistryHost host, Extent extent)
      : session_(session), host_(std::move(host)), reach_(host_.host),
        wants_listing_(extent == Extent::many) {}

  [[nodiscard]] std::string describe() const override { return host_.host; }
  [[nodiscard]] Model model() const override { return Model::v1; }
  [[nodiscard]] std::string identity() const override { return with_registry_scheme(host_.host); }
  [[nodiscard]] bool is_remote() const override { return true; }
  [[nodiscard]] std::uint64_t listing_requests() const override { return listing_requests_; }

  std::vector<std::string> repositories(const InScope& is_in_scope) override {
    std::exception_ptr problem; // of the search; ignored if the listing of tags can replace it
    const auto searched = try_to_search(problem);
    const auto listed = list_names();
    if (problem && !listed) {
      rethrow_copy(problem);
    }
    if (problem) {
      session_.progress().note("the listing of tags of " + host_.host +
                               " is all that its repositories are known from: its search fails");
    }
    if (!searched && !listed) {
      throw Error(ErrorKind::unsupported,
                  "search is off at " + host_.host + ", and the registry has no other listing",
                  "name the repositories with --repositories-from FILE");
    }
    auto names = searched.value_or(std::vector<std::string>());
    if (listed) {
      if (searched) {
        const auto search = "the search of " + host_.host;
        const auto listing = "its listing of tags";
        note_difference(session_.progress(), *searched, search, *listed, listing, is_in_scope);
        note_difference(session_.progress(), *listed, listing, *searched, search, is_in_scope);
        const std::lock_guard lock(mutex_);
        std::set_difference(searched->begin(), searched->end(), listed->begin(), listed->end(),
                            std::inserter(unlisted_, unlisted_.end()));
      }
      names.insert(names.end(), listed->begin(), listed->end());
      sort_and_unite(names);
    }
    return names;
  }

  std::optional<ListedTags> tags(const std::string& name) override {
    {
      const std::lock_guard lock(mutex_);
      if (wants_listing_) {
        list_all();
      }
      if (all_ && all_->is_fresh() && !unlisted_.contains(name)) {
        return all_->tags(name);
      }
    }
    ++listing_requests_;
    std::optional<ListedTags> tags;
    try {
      tags = registry().open(name)->tags();
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::not_found) {
        reach_.failed(error);
        throw;
      }
    }
    reach_.answered();
    return tags;
  }

  AnyRepository open(const std::string& name) override { return registry().open(name); }

  /// A registry without such a question, as Quay, knows no private repositories of v1. Who may read
  /// the images need not be one who is told, and other answers tell nothing either.
  std::optional<RepositoryAccess> access(const std::string& name) override {
    try {
      return registry().access(name);
    } catch (const Error& error) {
      switch (error.kind()) {
      case ErrorKind::not_found:
      case ErrorKind::unsupported:
        return RepositoryAccess::open;
      case ErrorKind::denied:
      case ErrorKind::protocol:
        return std::nullopt;
      default:
        throw;
      }
    }
  }

private:
  registry::v1::Registry& registry() {
    const std::lock_guard lock(finding_out_); // one thread asks, the others wait
    reach_.check();
    try {
      return session_.registries().v1(host_);
    } catch (const Error& error) {
      reach_.is_no_registry(error);
      throw;
    }
  }

  std::optional<std::vector<std::string>> try_to_search(std::exception_ptr& problem) {
    auto& found = registry();
    std::optional<std::vector<SearchResult>> hits;
    ++listing_requests_;
    try {
      hits = found.search("");
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) {
        throw;
      }
      problem = std::current_exception();
    }
    if (!hits) {
      return std::nullopt;
    }
    std::vector<std::string> names;
    for (const auto& hit : *hits) {
      names.push_back(hit.name);
    }
    sort_and_unite(names);
    return names;
  }

  std::optional<std::vector<std::string>> list_names() {
    const std::lock_guard lock(mutex_);
    list_all();
    return all_ ? std::optional(all_->names()) : std::nullopt;
  }

  void list_all() {
    wants_listing_ = false;
    ++listing_requests_;
    AllTags all;
    const bool has_listing = registry().list_all_tags(
        [&](const std::string& name, const std::string& tag, const std::optional<std::string>& id) {
          all.add(name, tag, id);
        });
    all_ = has_listing ? std::optional(std::move(all)) : std::nullopt;
  }

  Session& session_;
  RegistryHost host_;
  std::atomic<std::uint64_t> listing_requests_{0};
  Reach reach_;
  std::mutex finding_out_; ///< held while one thread detects the protocol
  std::mutex mutex_;       ///< guards the members below
  bool wants_listing_;
  std::optional<AllTags> all_;
  std::set<std::string> unlisted_; ///< in the search, but not in the listing
};

class StorageSide final : public Side {
public:
  /// `listed` is the tree as it was just listed, if it was.
  explicit StorageSide(std::shared_ptr<V1Storage> storage,
                       std::shared_ptr<const V1Storage> listed = nullptr)
      : storage_(std::move(storage)), listed_(std::move(listed)) {}

  [[nodiscard]] std::string describe() const override {
    return "v1-storage:" + storage_->location();
  }
  [[nodiscard]] Model model() const override { return Model::v1; }
  [[nodiscard]] std::string identity() const override { return describe(); }

  std::vector<std::string> repositories(const InScope&) override {
    std::vector<std::string> names;
    latest_listing()->for_each_repository(
        [&](const std::string& name) { names.push_back(familiar_name(name)); });
    sort_and_unite(names);
    return names;
  }

  std::optional<ListedTags> tags(const std::string& name) override { return latest()->tags(name); }

  AnyRepository open(const std::string& name) override { return storage_->repository(name); }

  std::optional<RepositoryAccess> access(const std::string& name) override {
    return latest()->is_private(name) ? RepositoryAccess::restricted : RepositoryAccess::open;
  }

private:
  /// The whole tree, listed anew if that is long ago: its tags are asked for next.
  std::shared_ptr<const V1Storage> latest_listing() {
    const std::lock_guard lock(mutex_);
    if (!listed_ || Clock::now() - since_ >= k_fresh) {
      listed_ = storage_->snapshot();
      since_ = Clock::now();
    }
    return listed_;
  }

  /// The tree, as it was listed if that is not long ago.
  std::shared_ptr<const V1Storage> latest() {
    const std::lock_guard lock(mutex_);
    if (listed_ && Clock::now() - since_ >= k_fresh) {
      listed_.reset();
    }
    return listed_ ? listed_ : storage_;
  }

  std::shared_ptr<V1Storage> storage_; // shared with the repositories
  std::mutex mutex_;                   ///< guards the members below
  std::shared_ptr<const V1Storage> listed_;
  Clock::time_point since_ = Clock::now();
};

class ArchiveSide final : public Side {
public:
  ArchiveSide(Session& session, const std::string& path)
      : path_(path), archive_(DockerArchive::open(path)) {
    std::vector<std::string> unnamed;
    for (const auto& image : archive_->images()) {
      if (image.names.empty()) {
        unnamed.push_back(short_id(image.id));
      }
      for (const auto& name : image.names) {
        add(Reference::parse(name), image.id);
      }
    }
    for (const auto& note : archive_->notes()) {
      session.progress().note(note);
    }
    if (!unnamed.empty()) {
      session.progress().note(std::to_string(unnamed.size()) + " images of " + describe() +
                              " have no name and are left out: " + first_names(unnamed));
    }
  }

  [[nodiscard]] std::string describe() const override { return "docker-archive:" + path_; }
  [[nodiscard]] Model model() const override { return Model::v1; }
  [[nodiscard]] std::string identity() const override { return describe(); }
  [[nodiscard]] bool holds_pushed_layers() const override { return false; }

  std::vector<std::string> repositories(const InScope&) override {
    std::vector<std::string> names;
    for (const auto& [name, tags] : repositories_) {
      names.push_back(name);
    }
    return names;
  }

  std::optional<ListedTags> tags(const std::string& name) override {
    const auto found = repositories_.find(name);
    return found == repositories_.end() ? std::nullopt : std::optional<ListedTags>(found->second);
  }

  AnyRepository open(const std::string&) override { return archive_->repository(); }

private:
  void add(const Reference& name, const std::string& id) {
    const auto [tag, is_new] = repositories_[name.name].emplace(name.tag_or_latest(), id);
    if (!is_new && tag->second != id) {
      throw Error(
          ErrorKind::usage, "several images of " + describe() + " are " + name.to_familiar_string(),
          "copy them one by one: regctl copy " + describe() + ":" + archive_name(name) + " …");
    }
  }

  std::string path_;
  std::shared_ptr<DockerArchive> archive_; // shared with the repositories
  std::map<std::string, TagListing> repositories_;
};

/// A registry whose protocol cannot be found out is taken for one of v1, whose side says why, and
/// when to stop asking.
std::unique_ptr<Side> open_registry(Session& session, const Endpoint& endpoint, RegistryHost host,
                                    Extent extent) {
  auto protocol = Protocol::v1;
  try {
    protocol = endpoint.place ? protocol_of(session, *endpoint.place) : protocol_of(session, host);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::unavailable && error.kind() != ErrorKind::protocol) {
      throw;
    }
  }
  if (protocol == Protocol::v2) {
    return make_oci_registry_side(session, std::move(host));
  }
  return std::make_unique<RegistrySide>(session, std::move(host), extent);
}

std::unique_ptr<Side> open_tree(Session& session, const Place& place) {
  auto storage = open_storage_tree(session, place.path);
  if (place.reference) {
    note_strays(session, *storage, place.reference->name);
    return std::make_unique<StorageSide>(std::move(storage));
  }
  auto listed = storage->snapshot();
  note_strays(session, *listed);
  return std::make_unique<StorageSide>(std::move(storage), std::move(listed));
}

/// A tree that is compared with a source. Where looking costs requests it is listed as a whole for
/// many repositories.
std::unique_ptr<Side> make_destination(std::shared_ptr<V1Storage> storage, Extent extent) {
  auto listed = extent == Extent::many ? storage->snapshot() : nullptr;
  return std::make_unique<StorageSide>(std::move(storage), std::move(listed));
}

std::unique_ptr<Side> open_tree_if_there(Session& session, const std::string& path, Extent extent) {
  try {
    return make_destination(open_storage_tree(session, path), extent);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::not_found) {
      throw;
    }
    return make_absent_tree(path);
  }
}

} // namespace

std::vector<std::string> list_repositories(Side& registry, const InScope& is_in_scope) {
  std::vector<std::string> names;
  list_repositories(registry, is_in_scope, [&](const std::vector<std::string>& some) {
    names.insert(names.end(), some.begin(), some.end());
  });
  sort_and_unite(names);
  return names;
}

void list_repositories(Side& registry, const InScope& is_in_scope,
                       const std::function<void(const std::vector<std::string>& names)>& on_names) {
  try {
    registry.list_in_pages(is_in_scope, on_names);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::unsupported) {
      throw;
    }
    throw Error(error.kind(), error.message(),
                "name a repository: " + registry.describe() + "/NAME");
  }
}

std::unique_ptr<Side> open_source(Session& session, const Endpoint& endpoint) {
  if (auto host = registry_of(endpoint)) {
    return open_registry(session, endpoint, std::move(*host), Extent::one);
  }
  switch (endpoint.place->kind) {
  case Place::Kind::v1_storage:
    return open_tree(session, *endpoint.place);
  case Place::Kind::v2_storage:
    return make_v2_storage_side(session, *endpoint.place, V2Storage::Missing::error);
  case Place::Kind::docker_archive:
    return std::make_unique<ArchiveSide>(session, endpoint.place->path);
  default:
    break;
  }
  throw Error(ErrorKind::unsupported, "cannot mirror from " + endpoint.to_string(),
              "sources are registries, v1-storage:DIR, v2-storage:DIR and docker-archive:FILE");
}

std::unique_ptr<Side> open_destination(Session& session, const Endpoint& endpoint, Extent extent,
                                       Purpose purpose) {
  if (auto host = registry_of(endpoint)) {
    return open_registry(session, endpoint, std::move(*host), extent);
  }
  if (endpoint.place->kind == Place::Kind::v1_storage) {
    const auto& path = endpoint.place->path;
    return purpose == Purpose::plan
               ? open_tree_if_there(session, path, extent)
               : make_destination(open_storage_tree(session, path, V1Storage::Missing::create),
                                  extent);
  }
  if (endpoint.place->kind == Place::Kind::v2_storage) {
    if (purpose == Purpose::write) {
      return make_v2_storage_side(session, *endpoint.place, V2Storage::Missing::create);
    }
    try {
      return make_v2_storage_side(session, *endpoint.place, V2Storage::Missing::error);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::not_found) {
        throw;
      }
      return make_absent_v2_tree(endpoint.place->path);
    }
  }
  throw Error(ErrorKind::unsupported, "cannot mirror to " + endpoint.to_string(),
              endpoint.place->kind == Place::Kind::docker_archive
                  ? "for a storage tree, also one that is to be made there, write v1-storage:" +
                        endpoint.place->path + "; regctl copy writes archives"
                  : "destinations are registries, v1-storage:DIR and v2-storage:DIR");
}

std::string first_names(const std::vector<std::string>& names) {
  constexpr std::size_t k_shown = 3;
  return list_some(names, k_shown);
}

void note_difference(Progress& progress, const std::vector<std::string>& one,
                     const std::string& one_name, const std::vector<std::string>& other,
                     const std::string& other_name, const InScope& is_in_scope) {
  std::vector<std::string> missing;
  std::set_difference(one.begin(), one.end(), other.begin(), other.end(),
                      std::back_inserter(missing));
  std::erase_if(missing, [&](const std::string& name) { return !is_in_scope(name); });
  if (!missing.empty()) {
    progress.note(std::to_string(missing.size()) +
                  (missing.size() == 1 ? " repository is in " : " repositories are in ") +
                  one_name + " and not in " + other_name + ": " + first_names(missing));
  }
}

void throw_no_repository(Side& side, const std::string& name) {
  std::vector<std::string> names;
  try {
    names = side.repositories([](const std::string&) { return false; });
  } catch (const Error& error) { // without a listing there is no hint
    if (error.kind() == ErrorKind::interrupted) {
      throw;
    }
  }
  const auto below = std::count_if(names.begin(), names.end(),
                                   [&](const auto& other) { return is_below(name, other); });
  const auto place = side.describe() + "/" + name + "/";
  throw Error(ErrorKind::not_found, "there is no repository " + name + " at " + side.describe(),
              below == 0
                  ? suggestion(name, names)
                  : name + "/ is a namespace: write " + place + " for the " +
                        (below == 1 ? "repository" : std::to_string(below) + " repositories") +
                        " in it");
}

void throw_no_namespace(const Side& side, const std::string& name_space,
                        const std::vector<std::string>& names) {
  std::vector<std::string> others;
  for (const auto& name : names) {
    const auto full = full_name(name);
    others.push_back(full.substr(0, full.rfind('/') + 1));
  }
  sort_and_unite(others);
  throw Error(ErrorKind::not_found,
              "there is no repository below " + name_space + "/ at " + side.describe(),
              suggestion(name_space + "/", others));
}

} // namespace regctl::ops
