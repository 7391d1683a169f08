// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/v1/layer_check.hpp"

#include <regctl/formats/v1_storage.hpp>
#include <regctl/model/v1/repository.hpp>
#include <regctl/ops/session.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace regctl::ops {

/// A store's facts about one image, before it is compared with other images.
struct ImageFacts {
  bool is_there = false; ///< the store has anything under this ID
  Judgement own;         ///< the image's own faults, as far as known without reading its layer
  std::optional<std::string> parent;
  bool has_no_layer = false;                     ///< only if that is certain
  std::optional<std::uint64_t> layer_size_bytes; ///< nothing without a layer or a known size
};

/// The recorded ancestry of an image.
struct RecordedAncestry {
  std::optional<std::vector<std::string>> ids; ///< nothing if none is recorded or it cannot be read
  std::optional<Judgement> problem;            ///< why it cannot be read
};

using OnBytes = std::function<void(std::uint64_t bytes)>;

/// A store as audits see it. An image is looked up through a repository that reaches it, since a
/// registry may check access to that repository ("" for an image that none reaches). Thread-safe.
class AuditStore {
public:
  virtual ~AuditStore() = default;

  [[nodiscard]] virtual std::string describe() const = 0;

  /// Whether repositories() are all repositories of the store, so that sharing between them is
  /// known.
  [[nodiscard]] virtual bool is_whole() const = 0;

  /// Names as they are shown ("app", "team/app"), sorted.
  virtual std::vector<std::string> repositories() = 0;
  /// Nothing if the repository does not exist.
  virtual std::optional<V1Tags> tags(const std::string& repository) = 0;

  /// Names that tags() leaves out, since other tags own their files.
  virtual std::vector<std::string> overwritten_tags(const std::string&) { return {}; }

  /// Whether a missing layer, and an image's ancestry, can be looked up at no cost.
  [[nodiscard]] virtual bool has_cheap_lookups() const = 0;

  /// Calls `on_id` for every image of a whole tree. Does nothing for other stores, where only tags
  /// lead to images.
  virtual void for_each_image(const std::function<void(const std::string&)>& on_id) = 0;

  /// Throws errors which mean that the store is unavailable or denies access; other faults are in
  /// the result.
  virtual ImageFacts look(const std::string& repository, const std::string& id) = 0;
  virtual RecordedAncestry ancestry(const std::string& repository, const std::string& id) = 0;

  /// Reads the layer. `known` is the result of look(); the returned verdict is never better.
  virtual Judgement read_layer(const std::string& repository, const std::string& id,
                               const Judgement& known, const OnBytes& on_bytes) = 0;

  /// Nothing if the store does not record it.
  virtual std::optional<std::chrono::system_clock::time_point>
  last_change(const std::string& id) = 0;
};

/// The store is a whole storage tree, or one repository of it.
std::unique_ptr<AuditStore> make_audit_store(std::shared_ptr<const V1Storage> storage,
                                             std::optional<std::string> repository);

/// The store is a registry's repositories, known from search or its listing, or one repository.
std::unique_ptr<AuditStore> make_audit_store(Session& session, const RegistryHost& host,
                                             std::optional<std::string> repository);

/// Whether a dead upload is complete after all: sound, or the reason why not. It must have a JSON,
/// a layer, a correct recorded checksum, and data that are not cut short.
Judgement check_dead_upload(const V1Storage& storage, const std::string& id,
                            const OnBytes& on_bytes);

} // namespace regctl::ops
