// SPDX-License-Identifier: Apache-2.0
#include "ops/oci/tree_blob_repair.hpp"
#include "ops/oci/tree_repository.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/interrupt.hpp>
#include <regctl/base/text.hpp>
#include <regctl/base/visible.hpp>
#include <regctl/formats/v2_paths.hpp>
#include <regctl/model/digest.hpp>
#include <regctl/model/oci/referrers_index.hpp>
#include <regctl/model/reference.hpp>
#include <regctl/ops/oci/tree_repair.hpp>

#include <algorithm>
#include <deque>
#include <set>
#include <utility>

namespace regctl::ops {

namespace {

constexpr std::chrono::minutes k_young{10};

using Kind = TreeRepairAct::Kind;
using LinkState = V2Storage::LinkState;

/// Repairs one repository.
class RepositoryRepair {
public:
  RepositoryRepair(V2Storage& storage, TreeBlobs& blobs, TreeBlobRepair& bytes,
                   const V2Storage::Found& found, const TreeRepairOptions& options,
                   OnRepair on_repair, TreeRepairReport& report)
      : storage_(storage), bytes_(bytes), repository_(blobs, found), options_(options),
        on_repair_(std::move(on_repair)), report_(report) {}

  /// Tags before what they name, and links of layers when the bytes are there.
  void run() {
    for (const auto& digest : repository_.revisions()) {
      rewrite(digest, v2_paths::revision(name(), digest), "revision");
      need(digest);
    }
    for (const auto& tag : repository_.tags().value_or(std::vector<TreeTag>())) {
      if (tag.is_folder && is_tag(tag.name)) {
        repair_tag(tag);
      }
    }
    while (!ahead_.empty()) {
      check_interrupted();
      const auto digest = ahead_.front();
      ahead_.pop_front();
      repair_manifest(digest);
    }
    std::vector<oci::Digest> layers;
    repository_.for_each_link(v2_paths::layers(name()), oci::DigestAlgorithm::sha256,
                              [&](const oci::Digest& digest) { layers.push_back(digest); });
    for (const auto& digest : layers) {
      rewrite(digest, v2_paths::layer(name(), digest), "layer");
    }
    for (const auto& digest : referrers_) {
      list_referrer(digest);
    }
  }

private:
  [[nodiscard]] const std::string& name() const noexcept { return repository_.name(); }

  void need(const oci::Digest& digest) {
    if (needed_.insert(digest).second) {
      ahead_.push_back(digest);
    }
  }

  bool act(Kind kind, const std::string& what, const std::string& why) {
    return on_repair_({kind, name(), what, why});
  }

  /// Whether a damaged file may be one that a server is writing.
  bool is_being_written(const std::string& folder) {
    const auto changed = storage_.tree().last_change(folder);
    const bool is_young = changed && storage_.tree().now() - *changed < k_young;
    report_.left_alone += is_young ? 1 : 0;
    return is_young;
  }

  /// A link that is there and does not name the digest of its path, though the bytes are there.
  void rewrite(const oci::Digest& digest, const std::string& folder, const std::string& kind) {
    const auto link = storage_.look_at_link(folder);
    if (link.digest == digest || link.state == LinkState::absent || !is_found(digest) ||
        is_being_written(folder)) {
      return;
    }
    const auto why = "the link of the " + kind +
                     (link.digest ? " names " + link.digest->to_string() : " is damaged");
    if (act(Kind::rewrite_link, digest.to_string(), why)) {
      storage_.put_link(folder, digest);
    }
  }

  bool is_found(const oci::Digest& digest) {
    return bytes_.is_sound(digest) || bytes_.find_manifest(digest).has_value();
  }

  void repair_tag(const TreeTag& tag) {
    const auto folder = v2_paths::current(name(), tag.name);
    const auto current = repository_.current(tag);
    auto meaning = current.digest;
    if (!meaning) {
      if (is_being_written(folder)) {
        return;
      }
      meaning = find_meaning(tag, current);
      if (!meaning) {
        drop(tag, "the tag names nothing");
        return;
      }
      if (act(Kind::restore_tag, tag.name, "it can only mean " + meaning->to_string())) {
        write_current(tag, *meaning);
      }
    }
    const auto found = bytes_.find_manifest(*meaning);
    if (!found) {
      drop_dangling(tag, *meaning);
      return;
    }
    need(*meaning);
    const auto entry = v2_paths::tag_index(name(), tag.name, *meaning);
    if (storage_.look_at_link(entry).digest != meaning &&
        act(Kind::write_index, tag.name, "its index lacks " + meaning->to_string())) {
      storage_.put_link(entry, *meaning);
    }
  }

  void write_current(const TreeTag& tag, const oci::Digest& digest) {
    auto& tree = storage_.tree();
    const auto folder = v2_paths::current(name(), tag.name);
    if (!tree.has_folder(folder)) {
      if (const auto above = tree.find_folder(v2_paths::tag(name(), tag.name))) {
        above->discard(v2_paths::k_current); // a file in the place of the folder
      }
    }
    storage_.put_link(folder, digest);
  }

  /// Tags whose bytes are there, but wrong, stay: somebody may have the right ones. So do those of
  /// manifests that servers show, even if they cannot be read here.
  void drop_dangling(const TreeTag& tag, const oci::Digest& digest) {
    if (bytes_.is_sound(digest)) {
      if (!bytes_.is_served(digest)) {
        drop(tag, digest.to_string() + " is no manifest");
      }
    } else if (!repository_.blobs().look(digest).is_there()) {
      drop(tag, "the manifest " + digest.to_string() + " is gone");
    }
  }

  void drop(const TreeTag& tag, const std::string& why) {
    if (options_.drop_tags && act(Kind::drop_tag, tag.name, why)) {
      storage_.repository(name())->remove_tag(tag.name);
    }
  }

  /// What a tag with a damaged link can only mean.
  std::optional<oci::Digest> find_meaning(const TreeTag& tag, const V2Storage::Link& current) {
    constexpr std::size_t k_least_digits = 8;
    const auto text = lower(trim(current.text.empty() ? text_of_file(tag) : current.text));
    const bool has_prefix = text.starts_with(k_sha256_prefix);
    if (const auto whole = has_prefix ? oci::Digest::find(text) : oci::Digest::find_hex(text)) {
      return bytes_.find_manifest(*whole) ? whole : std::nullopt;
    }
    std::vector<oci::Digest> meanings;
    repository_.for_each_link(v2_paths::all_tag_indexes(name(), tag.name),
                              oci::DigestAlgorithm::sha256,
                              [&](const oci::Digest& digest) { meanings.push_back(digest); });
    if (has_prefix && text.size() >= k_sha256_prefix.size() + k_least_digits) {
      std::erase_if(meanings, [&](const oci::Digest& digest) {
        return !digest.to_string().starts_with(text);
      });
    }
    return meanings.size() == 1 && bytes_.find_manifest(meanings.front())
               ? std::optional(meanings.front())
               : std::nullopt;
  }

  /// Where a file stands in the place of the folder `current`.
  [[nodiscard]] std::string text_of_file(const TreeTag& tag) const {
    try {
      return storage_.tree()
          .read(v2_paths::current(name(), tag.name), v2_paths::k_small_limit_bytes)
          .value_or("");
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::protocol) {
        throw;
      }
      return {};
    }
  }

  void repair_manifest(const oci::Digest& digest) {
    const auto found = bytes_.find_manifest(digest);
    if (!found) {
      return;
    }
    if (found->trimmed) {
      bytes_.trim(name(), digest, *found->trimmed);
    }
    const auto folder = v2_paths::revision(name(), digest);
    if (storage_.look_at_link(folder).state == LinkState::absent &&
        act(Kind::restore_link, digest.to_string(), "the link of the revision is gone")) {
      storage_.put_link(folder, digest);
    }
    for (const auto& blob : found->manifest.blobs()) {
      repair_blob(blob);
    }
    for (const auto& child : found->manifest.manifests) {
      need(child.digest);
    }
    if (found->manifest.subject) {
      referrers_.push_back(digest);
    }
  }

  void repair_blob(const oci::Descriptor& blob) {
    const auto folder = v2_paths::layer(name(), blob.digest);
    const bool is_linked = storage_.look_at_link(folder).state != LinkState::absent;
    if (oci::may_be_elsewhere(blob) && !is_linked) {
      return;
    }
    bytes_.restore(name(), blob);
    if (!is_linked && bytes_.is_sound(blob.digest) &&
        act(Kind::restore_link, blob.digest.to_string(), "the link of the layer is gone")) {
      storage_.put_link(folder, blob.digest);
    }
  }

  /// Clients of servers without an API for referrers find them by a tag alone.
  void list_referrer(const oci::Digest& digest) {
    const auto found = bytes_.find_manifest(digest);
    if (!found || repository_.judge(digest).state != TreeState::sound) {
      return; // an artifact that cannot be had
    }
    const auto repository = storage_.repository(name());
    const auto tag = oci::referrers_tag(found->manifest.subject->digest);
    try {
      const auto list = repository->read_manifest(oci::ManifestName::tag(tag));
      const auto entries = list ? oci::referrers_in(list->bytes) : std::vector<oci::Descriptor>();
      if (std::any_of(entries.begin(), entries.end(),
                      [&](const auto& entry) { return entry.digest == digest; })) {
        return;
      }
      const auto document = repository->read_manifest(digest);
      if (document &&
          act(Kind::list_referrer, digest.to_string(), "the tag " + tag + " lacks it")) {
        repository->put_manifest(*document, {});
      }
    } catch (const Error& error) { // the tag is damaged, or means something else
      if (error.kind() != ErrorKind::protocol && error.kind() != ErrorKind::integrity) {
        throw;
      }
    }
  }

  V2Storage& storage_;
  TreeBlobRepair& bytes_;
  TreeRepository repository_;
  const TreeRepairOptions& options_;
  OnRepair on_repair_;
  TreeRepairReport& report_;
  std::set<oci::Digest> needed_;
  std::deque<oci::Digest> ahead_;
  std::vector<oci::Digest> referrers_;
};

} // namespace

std::string_view to_string(TreeRepairAct::Kind kind) noexcept {
  switch (kind) {
  case Kind::rewrite_link:
    return "rewrite link";
  case Kind::restore_link:
    return "restore link";
  case Kind::restore_tag:
    return "restore tag";
  case Kind::write_index:
    return "write index";
  case Kind::move_blob:
    return "move blob";
  case Kind::restore_blob:
    return "restore blob";
  case Kind::trim_blob:
    return "trim blob";
  case Kind::list_referrer:
    return "list referrer";
  case Kind::drop_tag:
    return "drop tag";
  }
  return "";
}

TreeRepairReport repair_tree(const std::shared_ptr<V2Storage>& storage,
                             const TreeRepairOptions& options,
                             const std::function<void(const TreeRepairAct&)>& on_act) {
  TreeRepairReport report;
  const OnRepair on_repair = [&](const TreeRepairAct& act) {
    ++report.acts;
    on_act(act);
    return !options.dry_run;
  };
  if (!options.dry_run) {
    storage->lock_for_writing();
  }
  TreeBlobs blobs(*storage, BlobCheck::size, 1);
  TreeBlobRepair bytes(*storage, blobs, on_repair);
  bytes.move_misfiled();
  std::vector<V2Storage::Found> repositories;
  storage->walk([&](const V2Storage::Found& found) {
    if (found.is_repository()) {
      repositories.push_back(found);
    }
  });
  for (const auto& found : repositories) {
    check_interrupted();
    RepositoryRepair(*storage, blobs, bytes, found, options, on_repair, report).run();
  }
  return report;
}

} // namespace regctl::ops
