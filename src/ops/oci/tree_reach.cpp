// SPDX-License-Identifier: Apache-2.0
#include "ops/oci/tree_reach.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json_reader.hpp>
#include <regctl/base/visible.hpp>
#include <regctl/formats/v2_paths.hpp>

#include <algorithm>
#include <utility>

namespace regctl::ops {

namespace {

using LinkState = V2Storage::LinkState;

/// The digests in a JSON object that are texts of their own, at any depth. Distribution serves
/// manifests that our parser refuses, and reads members whose names have other cases: whatever it
/// may find is here.
class NamedDigests : private JsonReader {
public:
  enum class Of { all, parts }; ///< parts: without annotations and the subject

  explicit NamedDigests(Of of) : of_(of) {}

  /// Nothing if the text is no JSON object.
  std::optional<std::vector<oci::Digest>> find(std::string_view text) {
    return read(text) ? std::optional(std::move(found_)) : std::nullopt;
  }

private:
  bool on_begin(Shape shape) override {
    if (depth() == 0 && shape != Shape::object) {
      return false;
    }
    if (is_passed_over_ && !passed_depth_) {
      passed_depth_ = depth();
    }
    return true;
  }

  bool on_end(Shape) override {
    if (!passed_depth_ || passed_depth_ == depth()) {
      passed_depth_.reset();
      is_passed_over_ = false;
    }
    return true;
  }

  bool on_key(std::string& name) override {
    if (!passed_depth_) {
      is_passed_over_ = of_ == Of::parts && (name == "annotations" || name == "subject");
    }
    return true;
  }

  bool on_string(std::string& text) override {
    const auto digest = is_passed_over_ ? std::nullopt : oci::Digest::find(text);
    if (digest) {
      found_.push_back(*digest);
    }
    return depth() > 0;
  }

  bool on_other() override { return depth() > 0; }

  const Of of_;
  bool is_passed_over_ = false;             ///< the value of the last name
  std::optional<std::size_t> passed_depth_; ///< of the value, while it is read
  std::vector<oci::Digest> found_;
};

/// The bytes of a manifest; nothing if what lies there is too large to be one.
std::optional<std::string> read_document(const V2Storage& storage, const oci::Digest& digest) {
  const auto file = storage.find_blob(digest);
  if (!file || file->size_bytes() > oci::k_manifest_limit_bytes) {
    return std::nullopt;
  }
  return read_text(*file->open(digest.to_string()), oci::k_manifest_limit_bytes,
                   digest.to_string());
}

std::optional<oci::Manifest> find_manifest(const std::string& bytes) {
  try {
    return oci::Manifest::parse(bytes, {}, "it");
  } catch (const Error&) {
    return std::nullopt;
  }
}

/// The subject of a manifest, also of one that is refused otherwise.
std::optional<oci::Digest> find_subject(const Json& document) {
  const auto* subject = find_member(document, "subject");
  return subject == nullptr ? std::nullopt
                            : oci::Digest::find(optional_string(*subject, "digest").value_or(""));
}

} // namespace

void TreeReach::find() {
  if (!repository_.found().is_legal) {
    keep_whole("no repository may have its name");
  }
  find_from_tags();
  find_from_young();
  find_referrers();
  for (const auto& digest : repository_.revisions()) {
    if (!reached_.contains(digest)) {
      unreached_.push_back(digest);
    }
  }
  if (!why_kept_.empty()) {
    need_everything();
    unreached_.clear();
  }
}

bool TreeReach::needs_layer(const oci::Digest& digest) const {
  if (blobs_.contains(digest) || aliases_.contains(digest)) {
    return true;
  }
  if (digest.algorithm() == oci::DigestAlgorithm::sha256) {
    return false;
  }
  const auto link = repository_.layer(digest);
  return link.digest && blobs_.contains(*link.digest);
}

void TreeReach::keep_whole(const std::string& why) {
  if (why_kept_.empty()) {
    why_kept_ = why;
  }
}

void TreeReach::find_from_tags() {
  for (const auto& tag : repository_.tags().value_or(std::vector<TreeTag>())) {
    if (!tag.is_folder) {
      continue; // somebody's file
    }
    const auto current = repository_.current(tag);
    if (current.digest) {
      reach(*current.digest);
    } else { // whatever it meant must not be lost
      keep_whole("the tag " + excerpt(tag.name) + " is damaged");
    }
  }
}

void TreeReach::find_from_young() {
  for (const auto& digest : repository_.revisions()) {
    if (!reached_.contains(digest) && is_young_(v2_paths::revision(repository_.name(), digest))) {
      ++young_;
      reach(digest);
    }
  }
}

/// Each manifest that is reached reaches those whose subject it is.
void TreeReach::find_referrers() {
  std::vector<Referrer> referrers;
  auto revisions = repository_.revisions();
  revisions.insert(revisions.end(), unlinked_.begin(), unlinked_.end());
  for (const auto& digest : revisions) {
    if (reached_.contains(digest) || !repository_.blobs().look(digest).is_there()) {
      continue;
    }
    const auto bytes = read_document(repository_.storage(), digest);
    if (!bytes || bytes->find("\"subject\"") == std::string::npos) {
      continue; // most have none, and need not be parsed
    }
    const auto document = find_json(*bytes);
    if (!document) {
      keep_whole("the manifest " + digest.to_string() + " cannot be read");
    } else if (const auto subject = find_subject(*document)) {
      referrers.push_back({digest, *subject});
    }
  }
  for (bool is_more = true; is_more;) {
    is_more = false;
    for (const auto& referrer : referrers) {
      if (reached_.contains(referrer.subject) && !reached_.contains(referrer.digest)) {
        reach(referrer.digest);
        is_more = true;
      }
    }
  }
}

void TreeReach::reach(const oci::Digest& digest) {
  std::vector<oci::Digest> ahead{digest};
  while (!ahead.empty()) {
    const auto next = ahead.back();
    ahead.pop_back();
    if (reached_.insert(next).second) {
      reach_one(next, ahead);
    }
  }
}

void TreeReach::reach_one(const oci::Digest& digest, std::vector<oci::Digest>& ahead) {
  if (const auto link = repository_.revision(digest); link.digest && *link.digest != digest) {
    ahead.push_back(*link.digest); // what a server shows instead
  }
  need_signatures(digest);
  if (digest.algorithm() != oci::DigestAlgorithm::sha256) {
    keep_whole("it has a manifest by another digest than sha256");
    return;
  }
  blobs_.insert(digest);
  const auto named = "the manifest " + digest.to_string();
  if (!repository_.blobs().look(digest).is_there()) {
    misses_blobs_ = true;
    keep_whole(named + " is gone");
    return;
  }
  const auto bytes = read_document(repository_.storage(), digest);
  if (!bytes) {
    keep_whole(named + " is too large to be read");
    return;
  }
  if (oci::Digest::of(*bytes) != digest) {
    keep_whole(named + " is damaged");
    return;
  }
  const auto manifest = find_manifest(*bytes);
  const auto digests =
      NamedDigests(manifest ? NamedDigests::Of::parts : NamedDigests::Of::all).find(*bytes);
  if (!digests) {
    keep_whole(named + " cannot be read");
    return;
  }
  if (manifest) {
    need_parts(*manifest, ahead);
  }
  for (const auto& part : *digests) {
    need_any(part, ahead);
  }
}

void TreeReach::need_parts(const oci::Manifest& manifest, std::vector<oci::Digest>& ahead) {
  const auto blobs = manifest.blobs();
  std::for_each(blobs.begin(), blobs.end(), [&](const auto& blob) { need_blob(blob); });
  for (const auto& child : manifest.manifests) {
    if (!oci::may_be_blob(child)) {
      ahead.push_back(child.digest);
    }
  }
}

/// What a manifest names without telling that it is a blob.
void TreeReach::need_any(const oci::Digest& digest, std::vector<oci::Digest>& ahead) {
  if (repository_.revision(digest).state != LinkState::absent) {
    ahead.push_back(digest);
  } else if (!blobs_.contains(digest) && !aliases_.contains(digest)) {
    need_blob({.media_type = {}, .digest = digest, .size_bytes = 0});
  }
}

void TreeReach::need_blob(const oci::Descriptor& blob) {
  auto digest = blob.digest;
  if (digest.algorithm() != oci::DigestAlgorithm::sha256) {
    aliases_.insert(digest);
    const auto link = repository_.layer(digest);
    if (!link.digest) {
      misses_blobs_ = true;
      return;
    }
    digest = *link.digest;
  }
  blobs_.insert(digest);
  const bool is_there = repository_.blobs().look(digest).is_there() ||
                        (oci::may_be_elsewhere(blob) && !repository_.layer(digest).digest);
  misses_blobs_ = misses_blobs_ || !is_there;
}

/// distribution 2.0 to 2.4 kept the signatures of a schema 1 as blobs of their own.
void TreeReach::need_signatures(const oci::Digest& digest) {
  repository_.for_each_link(v2_paths::signatures(repository_.name(), digest),
                            oci::DigestAlgorithm::sha256,
                            [&](const oci::Digest& signature) { blobs_.insert(signature); });
}

/// All that any file of the repository names, by its path or its content.
void TreeReach::need_everything() {
  const auto& name = repository_.name();
  const auto need = [&](const oci::Digest& digest) { blobs_.insert(digest); };
  const auto need_links = [&](const std::string& folder) {
    for (const auto algorithm : {oci::DigestAlgorithm::sha256, oci::DigestAlgorithm::sha512}) {
      repository_.for_each_link(folder, algorithm, [&](const oci::Digest& digest) {
        const std::string kind(digest.algorithm_name());
        const auto link = repository_.storage().look_at_link(folder + "/" + kind + "/" +
                                                             std::string(digest.hex()));
        if (link.digest) {
          need(*link.digest);
        }
        need(digest);
      });
    }
  };
  need_links(v2_paths::layers(name));
  for (const auto& digest : repository_.revisions()) {
    reach(digest);
  }
  for (const auto& tag : repository_.tags().value_or(std::vector<TreeTag>())) {
    std::vector<oci::Digest> meanings;
    repository_.for_each_link(v2_paths::all_tag_indexes(name, tag.name),
                              oci::DigestAlgorithm::sha256,
                              [&](const oci::Digest& digest) { meanings.push_back(digest); });
    std::for_each(meanings.begin(), meanings.end(), [&](const auto& digest) { reach(digest); });
  }
}

} // namespace regctl::ops
