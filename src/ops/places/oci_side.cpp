// SPDX-License-Identifier: Apache-2.0
#include "ops/places/oci_side.hpp"

#include "ops/places/oci_open.hpp"
#include "ops/places/reach.hpp"
#include "ops/places/storage.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/parallel.hpp>
#include <regctl/base/text.hpp>
#include <regctl/model/oci/repository.hpp>
#include <regctl/model/v1/repository.hpp>
#include <regctl/ops/problem.hpp>
#include <regctl/registry/registries.hpp>

#include <atomic>
#include <mutex>
#include <utility>

namespace regctl::ops {

namespace {

TagListing identify_tags(Session& session, OciRepository& repository,
                         const std::vector<std::string>& tags,
                         std::atomic<std::uint64_t>& requests) {
  return identify_each(session, repository, tags, [&](const std::string& tag) {
    ++requests;
    const auto found = repository.find_manifest(oci::ManifestName::tag(tag));
    return found ? std::optional(found->digest) : std::nullopt;
  });
}

class OciRegistrySide final : public Side {
public:
  OciRegistrySide(Session& session, RegistryHost host)
      : session_(session), host_(std::move(host)), reach_(host_.host) {}

  [[nodiscard]] std::string describe() const override { return host_.host; }
  [[nodiscard]] Model model() const override { return Model::oci; }
  [[nodiscard]] std::string identity() const override {
    return with_registry_scheme(host_.host, Protocol::v2);
  }
  [[nodiscard]] bool is_remote() const override { return true; }
  [[nodiscard]] std::uint64_t listing_requests() const override { return requests_; }

  std::vector<std::string> repositories(const InScope& is_in_scope) override {
    std::vector<std::string> names;
    list_in_pages(is_in_scope, [&](const std::vector<std::string>& page) {
      names.insert(names.end(), page.begin(), page.end());
    });
    sort_and_unite(names);
    return names;
  }

  void list_in_pages(
      const InScope&,
      const std::function<void(const std::vector<std::string>& names)>& on_names) override {
    registry().list_repositories([&](const std::vector<std::string>& page) {
      ++requests_;
      on_names(page);
    });
  }

  std::optional<ListedTags> tags(const std::string& name) override {
    const std::shared_ptr<OciRepository> repository = registry().open(name);
    OciTags tags;
    ++requests_;
    try {
      tags = list_named_and_attached(*repository);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::not_found) {
        reach_.failed(error);
        throw;
      }
      reach_.answered();
      return std::nullopt;
    }
    reach_.answered();
    return ListedTags(
        tags.names,
        [this, repository](const std::vector<std::string>& wanted) {
          return identify_tags(session_, *repository, wanted, requests_);
        },
        std::move(tags.attached), std::move(tags.subjects));
  }

  AnyRepository open(const std::string& name) override { return registry().open(name); }

  bool is_open_to_all() override {
    auto& asked = registry();
    const std::lock_guard lock(finding_out_);
    if (!is_open_) {
      is_open_ = !asked.check_credential();
    }
    return *is_open_;
  }

private:
  registry::v2::Registry& registry() {
    const std::lock_guard lock(finding_out_); // one thread asks, the others wait
    reach_.check();
    try {
      return session_.registries().v2(host_);
    } catch (const Error& error) {
      reach_.is_no_registry(error);
      throw;
    }
  }

  Session& session_;
  const RegistryHost host_;
  Reach reach_;
  std::mutex finding_out_; ///< held while the protocol is detected; guards the member below
  std::optional<bool> is_open_;
  std::atomic<std::uint64_t> requests_ = 0;
};

class V2StorageSide final : public Side {
public:
  V2StorageSide(Session& session, std::shared_ptr<V2Storage> storage)
      : session_(session), storage_(std::move(storage)) {}

  [[nodiscard]] std::string describe() const override {
    return "v2-storage:" + storage_->location();
  }
  [[nodiscard]] Model model() const override { return Model::oci; }
  [[nodiscard]] std::string identity() const override {
    return "v2-storage:" + absolute_tree_path(storage_->location());
  }

  std::vector<std::string> repositories(const InScope&) override {
    std::vector<std::string> names;
    storage_->for_each_repository([&](const std::string& name) { names.push_back(name); });
    sort_and_unite(names);
    return names;
  }

  std::optional<ListedTags> tags(const std::string& name) override {
    const std::shared_ptr<OciRepository> repository = storage_->repository(name);
    OciTags tags;
    try {
      tags = list_named_and_attached(*repository);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::not_found) {
        throw;
      }
      return std::nullopt;
    }
    return ListedTags(
        tags.names,
        [this, repository](const std::vector<std::string>& wanted) {
          std::atomic<std::uint64_t> requests = 0;
          return identify_tags(session_, *repository, wanted, requests);
        },
        std::move(tags.attached), std::move(tags.subjects));
  }

  AnyRepository open(const std::string& name) override { return storage_->repository(name); }

private:
  Session& session_;
  std::shared_ptr<V2Storage> storage_; // shared with the repositories
};

/// A layout or an archive: one repository, whose name is its path.
class OciImagesSide final : public Side {
public:
  OciImagesSide(Session& session, Place place)
      : session_(session), place_(std::move(place)),
        opened_(open_oci(session, whole(), Use::read)) {}

  [[nodiscard]] std::string describe() const override { return whole().to_string(); }
  [[nodiscard]] Model model() const override { return Model::oci; }
  [[nodiscard]] std::string identity() const override {
    auto place = whole();
    place.path = absolute_tree_path(place.path);
    return place.to_string();
  }

  std::vector<std::string> repositories(const InScope&) override { return {place_.path}; }

  /// The images by their names there, or by their digests where they have none.
  std::optional<ListedTags> tags(const std::string&) override {
    std::vector<std::string> names;
    for (const auto& image : select_all_oci_images(opened_)) {
      names.push_back(image.tag.empty() ? image.name.to_string() : image.tag);
    }
    std::erase_if(names, [](const auto& name) { return oci::subject_of_tag(name).has_value(); });
    if (place_.entry && find(*place_.entry)) { // also by its digest or its full name
      names.push_back(*place_.entry);
    }
    sort_and_unite(names);
    return ListedTags(names, [this](const std::vector<std::string>& wanted) {
      return identify_each(session_, *opened_.repository, wanted,
                           [this](const std::string& name) { return find(name); });
    });
  }

  AnyRepository open(const std::string&) override {
    return open_oci(session_, whole(), Use::read).repository;
  }

private:
  [[nodiscard]] Place whole() const {
    auto place = place_;
    place.entry.reset();
    return place;
  }

  std::optional<oci::Digest> find(const std::string& name) {
    const auto digest = oci::Digest::find(name);
    const auto found = opened_.repository->find_manifest(digest ? oci::ManifestName(*digest)
                                                                : oci::ManifestName::tag(name));
    return found ? std::optional(found->digest) : std::nullopt;
  }

  Session& session_;
  const Place place_;
  const OciPlace opened_;
};

} // namespace

TagListing
identify_each(Session& session, const OciRepository& repository,
              const std::vector<std::string>& tags,
              const std::function<std::optional<oci::Digest>(const std::string& tag)>& find) {
  std::vector<std::optional<std::string>> digests(tags.size());
  run_parallel(session.jobs(), tags.size(), [&](std::size_t i) {
    try {
      if (const auto found = find(tags[i])) {
        digests[i] = found->to_string();
      }
    } catch (const Error& error) {
      if (ends_run(error)) {
        throw;
      }
      session.progress().note(repository.describe() + ":" + tags[i] + ": " + error.message());
    }
  });
  TagListing listing;
  for (std::size_t i = 0; i < tags.size(); ++i) {
    listing.emplace(tags[i], std::move(digests[i]));
  }
  return listing;
}

std::unique_ptr<Side> make_v2_storage_side(Session& session, const Place& place,
                                           V2Storage::Missing missing) {
  return std::make_unique<V2StorageSide>(session, open_v2_storage(session, place.path, missing));
}

std::unique_ptr<Side> make_oci_images_side(Session& session, const Place& place) {
  if (place.path == "-") {
    throw Error(ErrorKind::usage, "an archive that is looked at is read more than once",
                "write it into a file first");
  }
  return std::make_unique<OciImagesSide>(session, place);
}

oci::Digest digest_of_identity(const std::string& identity) {
  return oci::Digest::parse(identity, "the identity of a tag");
}

std::unique_ptr<Side> make_oci_registry_side(Session& session, RegistryHost host) {
  return std::make_unique<OciRegistrySide>(session, std::move(host));
}

} // namespace regctl::ops
