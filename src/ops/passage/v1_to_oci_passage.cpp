// SPDX-License-Identifier: Apache-2.0
#include "ops/passage/v1_to_oci_passage.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/limited_map.hpp>
#include <regctl/base/text.hpp>
#include <regctl/base/time.hpp>
#include <regctl/formats/v2_paths.hpp>

#include <mutex>
#include <utility>

namespace regctl::ops {

namespace {

// The number of requests of a run, as V1ToOciTransfer makes them.
constexpr std::uint64_t k_per_tag_at_source = 1;      // its ancestry
constexpr std::uint64_t k_per_tag_at_destination = 4; // a look at config, and two of them; manifest
constexpr std::uint64_t k_per_removal = 1;

} // namespace

class V1ToOciPassages::V1ToOciPassage final : public Passage {
public:
  V1ToOciPassage(V1ToOciPassages& shared, std::unique_ptr<V1Repository> source,
                 std::unique_ptr<OciRepository> destination, const std::string& destination_name)
      : shared_(shared), source_(std::move(source)),
        destination_(std::move(destination)), route_{shared.session_,
                                                     *source_,
                                                     *destination_,
                                                     destination_name,
                                                     shared.places_,
                                                     shared.options_.form,
                                                     Progress::Verb::copying,
                                                     shared.options_.limits,
                                                     LayerCheck::verify,
                                                     shared.options_.require_checksum,
                                                     [this](const auto& id, const auto& digest) {
                                                       remember(id, digest);
                                                     }} {}

  [[nodiscard]] bool is_same(const std::string& from, const std::string& there) const override {
    return shared_.options_.form == OciForm::oci ? made_from(there) == from
                                                 : shared_.facts_.find(from) == there;
  }

  std::optional<std::int64_t> created_at(const std::string& identity) override {
    try {
      const auto image = source_->find_image(identity);
      return image ? parse_rfc3339(parse_v1_image(image->json).created) : std::nullopt;
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted || error.kind() == ErrorKind::denied) {
        throw;
      }
      return std::nullopt;
    }
  }

  std::unique_ptr<Transfer> open(const std::string& tag, const std::string& identity) override {
    return make_v1_to_oci_transfer(route_, shared_.layers_, identity, tag);
  }

  // v1 images have no attached tags.
  void attach(const ListedTags&) override {}
  std::set<std::string> find_held(const std::vector<std::string>&) override { return {}; }
  std::set<std::string> find_new_referrers(const std::vector<std::string>&) override { return {}; }

  std::set<std::string> find_damaged(const std::vector<std::string>& there) override {
    std::set<std::string> damaged;
    for (const auto& identity : there) {
      const auto image = oci::Digest::find(identity);
      if (image && !shared_.whole_.is_whole(*destination_, route_.destination_name, *image)) {
        damaged.insert(identity);
      }
    }
    return damaged;
  }

  void remove_tag(const std::string& tag) override { destination_->remove_tag(tag); }

  void study(const std::string&) override {}

  // How large a converted layer is shows only when it is converted.
  void foresee(const std::string& identity, Asking, const OnProspect& on_item) override {
    on_item({identity, std::nullopt, false, false, 0, 0});
  }
  void foresee_held(const std::string&, Asking, const OnProspect&) override {}

  [[nodiscard]] std::uint64_t requests_of_tag() const override {
    return shared_.requests(k_per_tag_at_source, k_per_tag_at_destination);
  }
  [[nodiscard]] std::uint64_t requests_of_removal() const override {
    return shared_.requests(0, k_per_removal);
  }

private:
  void remember(const std::string& id, const oci::Digest& digest) {
    if (shared_.options_.form != OciForm::oci) {
      shared_.facts_.put(id, digest.to_string());
    }
  }

  /// The v1 image that a manifest of the destination was made from; empty if it does not say so.
  std::string made_from(const std::string& digest) const {
    {
      const std::lock_guard lock(mutex_);
      if (const auto* known = made_from_.find(digest)) {
        return *known;
      }
    }
    std::string id;
    const auto name = oci::Digest::find(digest);
    const auto document = name ? destination_->read_manifest(*name) : std::nullopt;
    if (document) {
      const auto manifest =
          oci::Manifest::parse(document->bytes, document->media_type, "manifest " + digest);
      const auto found = manifest.annotations.find(k_v1_id_annotation);
      id = found == manifest.annotations.end() ? "" : found->second;
    }
    const std::lock_guard lock(mutex_);
    made_from_.try_emplace(digest, id);
    return id;
  }

  static constexpr std::size_t k_known = 10'000;

  V1ToOciPassages& shared_;
  std::unique_ptr<V1Repository> source_;
  std::unique_ptr<OciRepository> destination_;
  ConvertRoute route_;
  mutable std::mutex mutex_; ///< guards the member below
  mutable LimitedMap<std::string> made_from_{k_known};
};

V1ToOciPassages::V1ToOciPassages(Session& session, const Side& source, const Side& destination,
                                 LearntFacts& facts, const PassageOptions& options)
    : session_(session), facts_(facts), options_(options),
      whole_(destination.is_remote() ? LookAt::sizes : LookAt::bytes),
      is_source_remote_(source.is_remote()), is_destination_remote_(destination.is_remote()) {}

void V1ToOciPassages::check_name(const std::string& name) {
  if (!v2_paths::is_legal_repository(name)) {
    throw Error(ErrorKind::usage, "no v2 registry takes the name " + name,
                "give it another one: --rename '" + name + "=" + lower(name) + "'");
  }
}

std::unique_ptr<Passage> V1ToOciPassages::open(std::unique_ptr<V1Repository> source,
                                               std::unique_ptr<OciRepository> destination,
                                               const std::string& destination_name) {
  return std::make_unique<V1ToOciPassage>(*this, std::move(source), std::move(destination),
                                          destination_name);
}

std::uint64_t V1ToOciPassages::requests(std::uint64_t of_source,
                                        std::uint64_t of_destination) const noexcept {
  return (is_source_remote_ ? of_source : 0) + (is_destination_remote_ ? of_destination : 0);
}

} // namespace regctl::ops
