// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/passage/learnt_facts.hpp"
#include "ops/places/side.hpp"
#include "ops/transfer/transfer.hpp"

#include <regctl/base/bandwidth_limit.hpp>
#include <regctl/model/oci/platform.hpp>
#include <regctl/model/repository.hpp>
#include <regctl/ops/copy.hpp>
#include <regctl/ops/made_image.hpp>
#include <regctl/ops/session.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::ops {

class BlobPlaces;
struct Conversions;
class OciPassages;
class OciToV1Passages;
class V1Passages;
class V1ToOciPassages;

/// The known facts about an item, before its transfer is opened.
struct Prospect {
  const std::string& key; ///< as Item::key
  std::optional<std::uint64_t> size_bytes;
  bool is_there = false; ///< at the destination
  /// Whether the item's dependencies are known: their prospects follow, or it has none.
  bool has_rest = true;
  std::uint64_t requests_to_look = 0; ///< once per run
  std::uint64_t requests_to_move = 0; ///< needed only if the item is not there
};

/// Called for an item before its dependencies.
using OnProspect = std::function<void(const Prospect& item)>;

/// Where missing facts may be requested from.
enum class Asking { nobody, source };

/// How much of an image matters: the image alone, or also the manifests that go along with it.
enum class Portion { image, all };

/// The way of images from one repository to another, whatever the models of the two. An identity is
/// a tag's entry in a side's listing: a v1 image's ID or a manifest's digest. Thread-safe.
class Passage {
public:
  virtual ~Passage() = default;

  /// Whether `there`, the identity of a tag at the destination, is the result of copying a tag with
  /// the identity `from` of the source.
  [[nodiscard]] virtual bool is_same(const std::string& from, const std::string& there) const = 0;

  /// Whether `there`, the identity of a tag at the destination, has the same referrers as the image
  /// `from` at the source. A referrer names one manifest.
  [[nodiscard]] virtual bool keeps_referrers(const std::string& from,
                                             const std::string& there) const = 0;

  /// Whether rules of access are lost on the way: the source may have private repositories, and the
  /// destination knows none.
  [[nodiscard]] virtual bool drops_access() const noexcept = 0;

  /// When the image with this identity at the source was created, in seconds since 1970; nothing if
  /// that cannot be read. Makes requests if it is not known yet.
  virtual std::optional<std::int64_t> created_at(const std::string& identity) = 0;

  /// Prepares the identification of the destination's tags: a passage may replace the request for
  /// one by another that tells more. Call it before any tag is identified.
  virtual void prepare(ListedTags& /*destination*/) {}

  /// Opens the transfer of one tag. The passage must outlive it.
  virtual std::unique_ptr<Transfer> open(const std::string& tag, const std::string& identity) = 0;

  /// Tells which tags of the source are attached to images, and to which images others refer. The
  /// transfers of these images take both along. Call it before open(); without it the tags are
  /// listed when they are needed.
  virtual void attach(const ListedTags& source) = 0;

  /// Which of the images with these identities the destination's repository has, under whatever tag
  /// or none. Makes a request for each.
  virtual std::set<std::string> find_held(const std::vector<std::string>& identities) = 0;

  /// Which of these images, which both repositories have, something refers to at the source that
  /// does not at the destination; those too of which this cannot be found out. Opening their
  /// transfers again brings it, or tells the error. Makes a request for each image at the source,
  /// unless the store lists referrers by tags alone, and one more where something refers to it.
  virtual std::set<std::string> find_new_referrers(const std::vector<std::string>& identities) = 0;

  /// The identities that these tags of the destination, lists of referrers, have. A list that
  /// cannot be read has none.
  virtual std::set<std::string> find_listed(const std::vector<std::string>& lists) = 0;

  /// Which of these identities of tags at the destination name images that are damaged there: of
  /// which something is gone, is too long or short, or, in a tree, has other bytes. Transfers that
  /// are opened from now on send that again. Only with PassageOptions::verify_destination. Throws
  /// errors that say nothing about an image.
  virtual std::set<std::string> find_damaged(const std::vector<std::string>& there) = 0;

  /// Removes a tag at the destination. Throws as Repository::remove_tag().
  virtual void remove_tag(const std::string& tag) = 0;

  /// What the tag names at the destination and how it was made, for an image that was there
  /// already; `identity` is the tag's at the source, if it is known. Null if the passage converts
  /// no v1 images, or the tag is gone. Makes requests to both sides.
  virtual std::shared_ptr<const MadeImage>
  find_made(const std::string& /*tag*/, const std::optional<std::string>& /*identity*/) {
    return nullptr;
  }

  /// Which image of the chain of an image that failed is at fault, and why. Nothing if the passage
  /// converts no v1 images, or no fault shows. Layers that were not converted are read for it.
  virtual std::optional<ImageFault> find_fault(const std::string& /*identity*/, FaultSearch) {
    return std::nullopt;
  }

  /// Converts the sound part of an image that failed: the layers below the lowest one that cannot
  /// be converted, unless an earlier run did so. Returns the tag that it has at the destination,
  /// made of `tag`; "" if the passage converts no v1 images, no layer is sound, or all are.
  virtual std::string rescue(const std::string& /*tag*/, const std::string& /*identity*/) {
    return {};
  }

  // --- for plans ---

  /// Asks the source for all facts that foresee() reports with Asking::source, so that foresee()
  /// makes no further requests. Unreadable facts are skipped.
  virtual void study(const std::string& identity, Portion portion) = 0;

  /// Calls `on_item` for each item of a transfer of `identity`, as far as they are known.
  virtual void foresee(const std::string& identity, Asking asking, const OnProspect& on_item) = 0;

  /// The same for the items that are already at the destination, since a tag there has `identity`.
  virtual void foresee_held(const std::string& identity, Asking asking,
                            const OnProspect& on_item) = 0;

  /// The requests for setting one tag and for removing one, besides those for items.
  [[nodiscard]] virtual std::uint64_t requests_of_tag() const = 0;
  [[nodiscard]] virtual std::uint64_t requests_of_removal() const = 0;
};

struct PassageOptions {
  BandwidthLimits limits;
  bool require_checksum = false; ///< an image with a layer without a checksum at its source fails
  /// Of an OCI index, the images for these platforms; empty: all of it, or linux/amd64's where it
  /// becomes a v1 image.
  std::vector<oci::Platform> platforms = {};
  OciForm form = OciForm::oci;     ///< of v1 images that become OCI ones
  bool referrers = true;           ///< what refers to an OCI image goes along with it
  bool verify_destination = false; ///< what is there already is looked at
  /// Where OCI images that become v1 images are looked for as they were; null: nowhere else than at
  /// the destination. Must outlive the passages.
  Side* originals = nullptr;
  std::string originals_name = {}; ///< the repository there; "": that of the destination's name
  /// Which repositories of the destination have which blobs, for all passages to it in a run; null:
  /// these passages find it out for themselves. Must outlive them.
  BlobPlaces* places = nullptr;
  /// The conversions of v1 images, for all passages between the same sides into the same form;
  /// null: these passages keep theirs for themselves. Must outlive them.
  Conversions* conversions = nullptr;
};

/// For PassageOptions::places.
std::shared_ptr<BlobPlaces> make_blob_places();

/// For PassageOptions::conversions.
std::shared_ptr<Conversions> make_conversions();

/// A passage to or from v1 images, which have no referrers.
class UnattachedPassage : public Passage {
public:
  [[nodiscard]] bool keeps_referrers(const std::string&, const std::string&) const final {
    return false;
  }
  void attach(const ListedTags&) final {}
  std::set<std::string> find_held(const std::vector<std::string>&) final { return {}; }
  std::set<std::string> find_new_referrers(const std::vector<std::string>&) final { return {}; }
  std::set<std::string> find_listed(const std::vector<std::string>&) final { return {}; }
};

/// The passages from one side to another, and their shared knowledge of images. Thread-safe, except
/// for construction.
class Passages {
public:
  /// All arguments must outlive this, and this the passages. `facts` keeps knowledge for later
  /// runs.
  Passages(Session& session, Side& source, Side& destination, LearntFacts& facts,
           const PassageOptions& options);
  ~Passages();
  Passages(const Passages&) = delete;
  Passages& operator=(const Passages&) = delete;

  /// Whether the passages make OCI images of v1 images, so that Passage::find_made() tells of them.
  [[nodiscard]] bool makes_images() const noexcept;

  /// Whether PassageOptions::originals are of use: OCI images become v1 images.
  [[nodiscard]] bool takes_originals() const noexcept;

  /// Opens the passage between two repositories. Makes no requests.
  std::unique_ptr<Passage> open(const std::string& source_name,
                                const std::string& destination_name);

private:
  [[nodiscard]] std::unique_ptr<V1Repository>
  open_originals(const std::string& destination_name) const;

  Side& source_;
  Side& destination_;
  const PassageOptions options_;
  std::unique_ptr<V1Passages> v1_;
  std::unique_ptr<OciPassages> oci_;
  std::unique_ptr<V1ToOciPassages> v1_to_oci_;
  std::unique_ptr<OciToV1Passages> oci_to_v1_;
};

/// Whether a line of a file of facts was written by a passage.
bool is_fact(std::string_view identity, std::string_view text);

} // namespace regctl::ops
