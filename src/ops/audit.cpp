// SPDX-License-Identifier: Apache-2.0
#include "ops/oci/image_audit.hpp"
#include "ops/places/open.hpp"
#include "ops/places/pairing.hpp"
#include "ops/places/protocol.hpp"
#include "ops/places/storage.hpp"
#include "ops/v1/finding_words.hpp"
#include "ops/v1/image_graph.hpp"

#include <regctl/base/error.hpp>
#include <regctl/ops/audit.hpp>

#include <algorithm>
#include <vector>

namespace regctl::ops {

namespace {

using Index = ImageGraph::Index;

class Audit {
public:
  Audit(AuditStore& store, const AuditOptions& options, const AuditListener& listener)
      : store_(store), options_(options), listener_(listener) {}

  void run(Session& session, const std::optional<std::string>& only_tag, std::string place) {
    summary_.place = std::move(place);
    summary_.is_deep = options_.deep;
    summary_.sees_orphans = store_.has_cheap_lookups() && store_.is_whole();
    graph_.read(session, store_, options_, only_tag);
    if (only_tag && graph_.tags().empty()) {
      throw Error(ErrorKind::not_found, "there is no tag " + summary_.place);
    }
    tell_tags();
    tell_images();
    tell_repositories();
    listener_.on_summary(summary_);
  }

private:
  void tell_tags() {
    std::vector<const ImageGraph::Tag*> tags;
    for (const auto& tag : graph_.tags()) {
      tags.push_back(&tag);
    }
    std::stable_sort(tags.begin(), tags.end(), [&](const auto* a, const auto* b) {
      return graph_.verdict(*a) > graph_.verdict(*b);
    });
    for (const auto* tag : tags) {
      const auto row = describe(*tag);
      ++summary_.tags[row.verdict].number;
      summary_.damaged_tags += row.is_damaged ? 1 : 0;
      listener_.on_tag(row);
    }
  }

  [[nodiscard]] AuditedTag describe(const ImageGraph::Tag& tag) const {
    AuditedTag row;
    row.repository = graph_.repositories()[tag.repository];
    row.tag = tag.name;
    row.verdict = graph_.verdict(tag);
    row.is_damaged = graph_.is_damaged(tag);
    if (tag.image == ImageGraph::k_none) {
      row.detail = k_no_image_id;
      return row;
    }
    const auto& image = graph_.images()[tag.image];
    row.id = image.id.text();
    if (row.verdict == Verdict::nowhere) {
      row.detail = k_image_gone;
      return row;
    }
    row.size_bytes = ImageGraph::known(image.chain_bytes);
    if (row.verdict != Verdict::sound) {
      row.at_fault = graph_.images()[image.at_fault].id.text();
      row.detail = graph_.detail(image.at_fault);
    }
    return row;
  }

  /// An image that no tag reaches is an orphan, unless its own verdict is worse.
  [[nodiscard]] Verdict verdict(const ImageGraph::Image& image) const {
    const bool is_orphan = !image.is_reached && image.own < Verdict::dead_upload;
    return is_orphan ? Verdict::orphan : image.own;
  }

  void tell_images() {
    const auto& images = graph_.images();
    std::vector<Index> order;
    for (Index i = 0; i < images.size(); ++i) {
      if (images[i].is_there) {
        order.push_back(i);
      }
    }
    std::sort(order.begin(), order.end(), [&](Index a, Index b) {
      const auto verdict_a = verdict(images[a]);
      const auto verdict_b = verdict(images[b]);
      return verdict_a != verdict_b ? verdict_a > verdict_b : images[a].id < images[b].id;
    });
    for (const auto i : order) {
      const auto row = describe(i);
      auto& count = summary_.images[row.verdict];
      ++count.number;
      count.size.add(images[i].added_bytes());
      summary_.damaged_images += row.is_damaged ? 1 : 0;
      listener_.on_image(row);
    }
  }

  [[nodiscard]] AuditedImage describe(Index i) const {
    const auto& image = graph_.images()[i];
    AuditedImage row;
    row.id = image.id.text();
    row.verdict = verdict(image);
    row.is_damaged = graph_.is_damaged(image);
    row.detail = row.verdict == Verdict::orphan ? "" : graph_.detail(i);
    row.layer_size_bytes = ImageGraph::known(image.layer_bytes);
    row.repository = image.is_reached ? graph_.repositories()[image.repository] : "";
    row.is_shared = image.is_shared;
    if (row.verdict == Verdict::dead_upload) {
      row.changed = store_.last_change(row.id);
    }
    return row;
  }

  void tell_repositories() {
    const auto& names = graph_.repositories();
    std::vector<AuditedRepository> rows(names.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      rows[i].name = names[i];
      rows[i].size = graph_.size(static_cast<Index>(i));
      if (const auto problem = graph_.problem(static_cast<Index>(i))) {
        rows[i].problem = problem;
        summary_.problems.add(problem);
      }
    }
    for (const auto& tag : graph_.tags()) {
      ++rows[tag.repository].tags;
      rows[tag.repository].damaged_tags += graph_.is_damaged(tag) ? 1 : 0;
    }
    // Layers shared with a repository that could not be audited are unknown.
    if (store_.is_whole() && summary_.problems.number == 0) {
      add_sharing(rows);
    }
    std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
      return a.freed.value_or(SizeSum()).bytes > b.freed.value_or(SizeSum()).bytes;
    });
    summary_.repositories = rows.size();
    for (const auto& row : rows) {
      listener_.on_repository(row);
    }
  }

  void add_sharing(std::vector<AuditedRepository>& rows) {
    for (auto& row : rows) {
      row.freed = SizeSum();
    }
    SizeSum shared;
    for (const auto& image : graph_.images()) {
      if (image.is_shared) {
        shared.add(image.added_bytes());
      } else if (image.is_reached) {
        rows[image.repository].freed->add(image.added_bytes());
      }
    }
    for (auto& row : rows) {
      row.shared = {row.size.bytes - row.freed->bytes, row.size.unknown - row.freed->unknown};
    }
    summary_.shared = shared;
  }

  AuditStore& store_;
  const AuditOptions& options_;
  const AuditListener& listener_;
  ImageGraph graph_;
  AuditSummary summary_;
};

} // namespace

std::string_view to_string(Verdict verdict) noexcept {
  switch (verdict) {
  case Verdict::sound:
    return "sound";
  case Verdict::orphan:
    return "orphan";
  case Verdict::old_checksum:
    return "old checksum";
  case Verdict::ancestry_missing:
    return "ancestry missing";
  case Verdict::ancestry_wrong:
    return "ancestry wrong";
  case Verdict::dead_upload:
    return "dead upload";
  case Verdict::unreadable:
    return "unreadable";
  case Verdict::checksum_wrong:
    return "checksum wrong";
  case Verdict::layer_damaged:
    return "layer damaged";
  case Verdict::layer_cut:
    return "layer cut short";
  case Verdict::layer_missing:
    return "layer missing";
  case Verdict::size_wrong:
    return "size wrong";
  case Verdict::json_damaged:
    return "JSON damaged";
  case Verdict::parent_loop:
    return "parents in a loop";
  case Verdict::parent_missing:
    return "parent missing";
  case Verdict::manifest_missing:
    return "manifest missing";
  case Verdict::nowhere:
    return "tag to nowhere";
  }
  return "unknown";
}

bool is_mendable(const AuditedImage& image) noexcept {
  switch (image.verdict) {
  case Verdict::old_checksum:
  case Verdict::ancestry_missing:
  case Verdict::ancestry_wrong:
    return true;
  case Verdict::dead_upload:
    return image.detail == k_whole_upload;
  default:
    return false;
  }
}

namespace {

void audit_oci(Session& session, const Endpoint& endpoint, const AuditOptions& options,
               const AuditListener& listener) {
  if (endpoint.reference() != nullptr && endpoint.reference()->digest) {
    throw Error(ErrorKind::usage, endpoint.to_string() + " names no tag, by which audit goes",
                "name a tag, or the repository alone");
  }
  const Scope scope{.a = endpoint, .b = std::nullopt, .repositories = {}, .tags = {}};
  Pairing pairing(session, scope);
  const bool is_whole = endpoint.host.has_value(); // a layout is one repository
  audit_oci_images(session, pairing, options, listener,
                   endpoint.host ? endpoint.host->host : endpoint.place->to_string(), is_whole);
}

} // namespace

void audit(Session& session, const RegistryHost& host, const AuditOptions& options,
           const AuditListener& listener) {
  if (protocol_of(session, host) == Protocol::v2) {
    return audit_oci(session, {.host = host, .name_space = "", .place = std::nullopt}, options,
                     listener);
  }
  const auto store = make_audit_store(session, host, std::nullopt);
  Audit(*store, options, listener).run(session, std::nullopt, host.host);
}

void audit(Session& session, const Place& place, const AuditOptions& options,
           const AuditListener& listener) {
  const auto& name = place.reference;
  std::unique_ptr<AuditStore> store;
  if (place.kind == Place::Kind::v1_storage) {
    const auto only = name ? std::optional(name->name) : std::nullopt;
    std::shared_ptr<const V1Storage> storage = open_storage_tree(session, place.path);
    if (!only) {
      storage = storage->snapshot();
    }
    note_strays(session, *storage, only);
    store = make_audit_store(std::move(storage), only);
  } else if (place.kind == Place::Kind::registry) {
    if (protocol_of(session, place) == Protocol::v2) {
      return audit_oci(session, {.host = std::nullopt, .name_space = "", .place = place}, options,
                       listener);
    }
    store = make_audit_store(session, {name->host}, name->name);
  } else if (place.has_entries()) {
    return audit_oci(session, {.host = std::nullopt, .name_space = "", .place = place}, options,
                     listener);
  } else {
    throw Error(ErrorKind::unsupported,
                place.to_string() + " cannot be audited: it is no registry, storage tree or layout",
                "reading it verifies it: regctl copy");
  }
  Audit(*store, options, listener).run(session, name ? name->tag : std::nullopt, place.to_string());
}

} // namespace regctl::ops
