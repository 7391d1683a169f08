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

/// What a store says of one image, before it is compared with others.
struct ImageFacts {
  bool is_there = false; ///< the store has something under this ID
  Judgement own; ///< what is wrong with the image by itself, as far as known without reading
  std::optional<std::string> parent;
  bool has_no_layer = false;                     ///< for certain
  std::optional<std::uint64_t> layer_size_bytes; ///< nothing if there is no layer or none is known
};

/// What is recorded of the images below one.
struct RecordedAncestry {
  std::optional<std::vector<std::string>> ids; ///< nothing if there is none, or none can be read
  std::optional<Judgement> problem;            ///< with reading it
};

using OnBytes = std::function<void(std::uint64_t bytes)>;

/// What an audit asks of a store. An image is asked for by way of a repository that reaches it,
/// since a registry may want to know who asks ("" for one that none reaches). Thread-safe.
class AuditStore {
public:
  virtual ~AuditStore() = default;

  [[nodiscard]] virtual std::string describe() const = 0;

  /// Whether repositories() are all there are, so that what they share is known.
  [[nodiscard]] virtual bool is_whole() const = 0;

  /// As they are shown ("app", "team/app"), sorted by name.
  virtual std::vector<std::string> repositories() = 0;
  /// Nothing if there is no such repository.
  virtual std::optional<V1Tags> tags(const std::string& repository) = 0;

  /// The names that tags() has left out, since their files are those of other tags.
  virtual std::vector<std::string> overwritten_tags(const std::string&) { return {}; }

  /// Whether it can tell at no cost: each image's ancestry, and that there is no layer.
  [[nodiscard]] virtual bool has_cheap_lookups() const = 0;

  /// All images that a whole tree has; nothing elsewhere, where only tags lead to them.
  virtual void for_each_image(const std::function<void(const std::string&)>& on_id) = 0;

  /// Throws what says that the store is not available, or refuses; all else is a judgement.
  virtual ImageFacts look(const std::string& repository, const std::string& id) = 0;
  virtual RecordedAncestry ancestry(const std::string& repository, const std::string& id) = 0;

  /// Reads the layer. `known` is what look() found; the result is as bad or worse.
  virtual Judgement read_layer(const std::string& repository, const std::string& id,
                               const Judgement& known, const OnBytes& on_bytes) = 0;

  /// Nothing where it cannot be told.
  virtual std::optional<std::chrono::system_clock::time_point>
  last_change(const std::string& id) = 0;
};

/// A whole storage tree, or the repository that is named.
std::unique_ptr<AuditStore> make_audit_store(std::shared_ptr<V1Storage> storage,
                                             std::optional<std::string> repository);

/// A registry's repositories, from search or its listing, or the one that is named.
std::unique_ptr<AuditStore> make_audit_store(Session& session, const RegistryHost& host,
                                             std::optional<std::string> repository);

/// Whether a dead upload is whole: sound, or why not. It needs a JSON, a layer, a recorded checksum
/// that is right, and data that go on to their end.
Judgement check_dead_upload(const V1Storage& storage, const std::string& id,
                            const OnBytes& on_bytes);

} // namespace regctl::ops
