// SPDX-License-Identifier: Apache-2.0
#include "ops/oci/tree_repository.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json_reader.hpp>
#include <regctl/base/text.hpp>
#include <regctl/base/visible.hpp>
#include <regctl/formats/v2_paths.hpp>

#include <algorithm>
#include <cstdint>

namespace regctl::ops {

namespace {

using LinkState = V2Storage::LinkState;

std::string link_fault(const V2Storage::Link& link) {
  return link.text.empty() ? "is empty or cannot be read" : "holds '" + excerpt(link.text) + "'";
}

/// What decides whether distribution 2.8 serves a document. Go takes names of members in any case.
class ServedDocument : private JsonReader {
public:
  bool is_served(std::string_view text) {
    constexpr std::size_t k_most_levels = 100; // JsonReader reads no deeper, Go does
    if (!read(text) && depth() < k_most_levels) {
      return false;
    }
    const bool is_known = media_type_.empty() || oci::is_index(media_type_) ||
                          media_type_ == oci::k_oci_manifest ||
                          media_type_ == oci::k_docker_manifest;
    return version_ == 1 || (version_ == 2 && is_known);
  }

private:
  bool on_begin(Shape shape) override { return depth() == 0 ? shape == Shape::object : on_other(); }

  bool on_key(std::string& name) override {
    if (depth() == 1) {
      name_ = lower(name);
    }
    return true;
  }

  bool on_string(std::string& text) override {
    if (is_value_of("mediatype")) {
      media_type_ = text;
      return true;
    }
    return on_other();
  }

  bool on_number(std::uint64_t number) override {
    if (is_value_of("schemaversion")) {
      version_ = number;
      return true;
    }
    return on_other();
  }

  bool on_other() override { return !is_value_of("schemaversion") && !is_value_of("mediatype"); }
  bool on_null() override { return true; }

  [[nodiscard]] bool is_value_of(std::string_view name) const {
    return depth() == 1 && name_ == name;
  }

  std::string name_; ///< of the last member of the document
  std::string media_type_;
  std::optional<std::uint64_t> version_;
};

/// The answers of both versions where a manifest cannot be had.
TreeManifest refused(int status, std::string fault) {
  return {.answer = {status, status}, .fault = std::move(fault)};
}

} // namespace

bool is_served_manifest(std::string_view bytes) {
  constexpr std::size_t k_limit_bytes = 4 * 1024 * 1024;
  return bytes.size() <= k_limit_bytes && ServedDocument().is_served(bytes);
}

std::optional<std::vector<TreeTag>> TreeRepository::tags() const {
  std::vector<TreeTag> tags;
  const bool is_there =
      storage().tree().list_entries(v2_paths::tags(name()), [&](const FolderEntry& entry) {
        tags.push_back({entry.name, entry.is_folder});
      });
  if (!is_there) {
    return std::nullopt;
  }
  std::sort(tags.begin(), tags.end(),
            [](const TreeTag& a, const TreeTag& b) { return a.name < b.name; });
  return tags;
}

std::vector<oci::Digest> TreeRepository::revisions() const {
  std::vector<oci::Digest> revisions;
  for_each_link(v2_paths::all_revisions(name()), oci::DigestAlgorithm::sha256,
                [&](const oci::Digest& digest) { revisions.push_back(digest); });
  std::sort(revisions.begin(), revisions.end());
  return revisions;
}

void TreeRepository::for_each_link(const std::string& folder, oci::DigestAlgorithm algorithm,
                                   const std::function<void(const oci::Digest&)>& on_digest) const {
  const std::string kind(to_string(algorithm));
  storage().tree().list_entries(folder + "/" + kind, [&](const FolderEntry& entry) {
    const auto digest = oci::Digest::find_hex(entry.name, algorithm);
    if (digest &&
        storage().tree().has_file(v2_paths::link_in(folder + "/" + kind + "/" + entry.name))) {
      on_digest(*digest); // a folder without a link is left by a removal
    }
  });
}

V2Storage::Link TreeRepository::revision(const oci::Digest& digest) const {
  return storage().look_at_link(v2_paths::revision(name(), digest));
}

V2Storage::Link TreeRepository::layer(const oci::Digest& digest) const {
  return storage().look_at_link(v2_paths::layer(name(), digest));
}

V2Storage::Link TreeRepository::current(const TreeTag& tag) const {
  if (!tag.is_folder) {
    return {LinkState::malformed, {}, {}};
  }
  const auto folder = v2_paths::current(name(), tag.name);
  auto link = storage().look_at_link(folder);
  const auto& tree = storage().tree();
  const bool is_file =
      link.state == LinkState::absent && tree.has_file(folder) && !tree.has_folder(folder);
  return is_file ? V2Storage::Link{LinkState::malformed, {}, {}} : link;
}

TreeManifest TreeRepository::read(const oci::Digest& digest) {
  auto link = revision(digest);
  const bool is_revision = link.state != LinkState::absent;
  if (!is_revision) {
    link = layer(digest); // distribution 2.1.0 linked manifests there
  }
  if (link.state == LinkState::absent) {
    return refused(k_status_not_found, "its revision link is gone");
  }
  const auto of_3 = [&](int status) { return is_revision ? status : k_status_not_found; };
  if (link.state == LinkState::malformed) {
    return {.answer = {k_status_failed, of_3(k_status_failed)},
            .fault = "its link " + link_fault(link)};
  }
  const auto blob = blobs_.look(*link.digest);
  if (blob.state == TreeBlobState::absent) {
    return refused(k_status_not_found, "the manifest is gone");
  }
  const auto file = blob.is_there() ? storage().find_blob(*link.digest) : nullptr;
  if (!file || file->size_bytes() > oci::k_manifest_limit_bytes) {
    return {.answer = {k_status_failed, of_3(k_status_failed)},
            .fault = file ? "what its link names is too large for a manifest"
                          : "something else than a file stands in the place of the manifest"};
  }
  const auto bytes =
      read_text(*file->open(digest.to_string()), oci::k_manifest_limit_bytes, digest.to_string());
  TreeManifest found{.answer = {k_status_ok, of_3(k_status_ok)}, .size_bytes = bytes.size()};
  found.is_right = oci::Digest::of(bytes, digest.algorithm()) == digest;
  if (*link.digest != digest) {
    found.fault = "its link names " + link.digest->to_string();
  } else if (bytes.empty()) {
    found.fault = "the manifest is empty";
  } else if (!found.is_right) {
    found.fault = "the manifest has the bytes of another digest";
  }
  const bool is_served = is_served_manifest(bytes);
  if (!is_served) {
    found.answer = {k_status_failed, of_3(k_status_failed)};
  }
  try {
    auto manifest = oci::Manifest::parse(bytes, {}, "it");
    if (manifest.kind == oci::Manifest::Kind::schema1) {
      found.answer.of_3 = of_3(k_status_failed);
    }
    if (found.is_right) {
      found.manifest = std::move(manifest);
    }
  } catch (const Error& error) {
    if (found.fault.empty()) {
      found.fault = is_served ? "servers show it, but " + error.message() : "it is no manifest";
    }
  }
  return found;
}

std::string TreeRepository::blob_fault(const oci::Descriptor& blob, std::string_view role) {
  if (oci::may_be_elsewhere(blob)) {
    return {}; // need not be here
  }
  const auto named = std::string(role) + " " + blob.digest.to_string();
  const auto link = layer(blob.digest);
  const bool is_alias = blob.digest.algorithm() != oci::DigestAlgorithm::sha256;
  if (link.state == LinkState::malformed) {
    return "the link of " + named + " " + link_fault(link);
  }
  if (link.state == LinkState::absent) {
    const bool is_gone = is_alias || !blobs_.look(blob.digest).is_there();
    return is_gone ? named + " is gone" : "the link of " + named + " is gone";
  }
  if (!is_alias && *link.digest != blob.digest) {
    return "the link of " + named + " names " + link.digest->to_string();
  }
  const auto stored = blobs_.look(*link.digest);
  switch (stored.state) {
  case TreeBlobState::absent:
    return named + " is gone";
  case TreeBlobState::no_file:
    return "something else than a file stands in the place of " + named;
  case TreeBlobState::wrong:
  case TreeBlobState::right:
    break;
  }
  const bool is_of_known_size = blob.size_bytes > 0; // schema 1 tells none
  if (is_of_known_size && stored.size_bytes != blob.size_bytes) {
    return named + " has " + std::to_string(stored.size_bytes) + " bytes instead of " +
           std::to_string(blob.size_bytes);
  }
  bool is_wrong = stored.state == TreeBlobState::wrong;
  if (is_alias && !is_wrong && blobs_.check() == BlobCheck::bytes) {
    const auto file = storage().find_blob(*link.digest);
    is_wrong = !file || !storage().is_right(*file, blob.digest);
  }
  return is_wrong ? named + " has the bytes of another digest" : "";
}

TreeJudgement TreeRepository::judge(const oci::Digest& digest) {
  return judge(digest, 0);
}

TreeJudgement TreeRepository::judge(const oci::Digest& digest, std::size_t depth) {
  if (const auto* known = judged_.find(digest.to_string())) {
    return *known;
  }
  if (depth > oci::k_max_index_depth) {
    return {TreeState::damaged, "indexes lie in each other too deep"};
  }
  const auto found = read(digest);
  auto judgement = found.manifest && found.fault.empty()
                       ? judge_parts(*found.manifest, depth)
                       : TreeJudgement{TreeState::damaged, found.fault};
  judged_.put(digest.to_string(), judgement);
  return judgement;
}

TreeJudgement TreeRepository::judge_parts(const oci::Manifest& manifest, std::size_t depth) {
  const auto parts = manifest.blobs();
  std::vector<oci::Digest> stored;
  for (const auto& blob : parts) {
    if (blob.digest.algorithm() == oci::DigestAlgorithm::sha256) {
      stored.push_back(blob.digest);
    }
  }
  blobs_.look_at_all(stored);
  for (const auto& blob : parts) {
    const bool is_config = manifest.config && manifest.config->digest == blob.digest;
    if (auto fault = blob_fault(blob, is_config ? "config" : "layer"); !fault.empty()) {
      return {TreeState::damaged, std::move(fault)};
    }
  }
  TreeJudgement worst;
  for (const auto& child : manifest.manifests) {
    const auto named = "manifest " + child.digest.to_string();
    if (const auto found = read(child.digest); !found.manifest || !found.fault.empty()) {
      return {TreeState::damaged, named + ": " + found.fault};
    }
    const auto below = judge(child.digest, depth + 1);
    if (below.state != TreeState::sound && worst.state == TreeState::sound) {
      worst = {TreeState::damaged_below, named + ": " + below.detail};
    }
  }
  return worst;
}

} // namespace regctl::ops
