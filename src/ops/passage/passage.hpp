// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/passage/learnt_facts.hpp"
#include "ops/passage/transfer.hpp"
#include "ops/places/side.hpp"

#include <regctl/base/bandwidth_limit.hpp>
#include <regctl/model/repository.hpp>
#include <regctl/ops/session.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace regctl::ops {

class V1Passages;

/// What is known of an item before there is a transfer.
struct Prospect {
  const std::string& key; ///< as Item::key
  std::optional<std::uint64_t> size_bytes;
  bool is_there = false; ///< at the destination
  /// Whether what the item depends on is known: prospects of that follow, or there is nothing.
  bool has_rest = true;
  std::uint64_t requests_to_look = 0; ///< once a run
  std::uint64_t requests_to_move = 0; ///< unless it is there
};

/// Called for an item before those that it depends on.
using OnProspect = std::function<void(const Prospect& item)>;

/// Who may be asked for what is not known.
enum class Asking { nobody, source };

/// The way of images from one repository to another, whatever the models of the two are. An
/// identity is what a side's list of tags says of a tag: a v1 image's ID, a manifest's digest.
/// Thread-safe.
class Passage {
public:
  virtual ~Passage() = default;

  /// Whether a tag that names `there` at the destination is what a copy of a tag that names `from`
  /// at the source would make of it.
  [[nodiscard]] virtual bool is_same(const std::string& from, const std::string& there) const = 0;

  /// When the image was created that the source identifies so, in seconds since 1970; nothing if
  /// that cannot be read. Takes requests where it is not known yet.
  virtual std::optional<std::int64_t> created_at(const std::string& identity) = 0;

  /// One tag on its way. The passage must outlive it.
  virtual std::unique_ptr<Transfer> open(const std::string& tag, const std::string& identity) = 0;

  /// Removes a tag at the destination. Throws as Repository::remove_tag().
  virtual void remove_tag(const std::string& tag) = 0;

  // --- for plans ---

  /// Asks the source for what foresee() tells with Asking::source, so that it asks no more. What
  /// cannot be read is passed over.
  virtual void study(const std::string& identity) = 0;

  /// Calls `on_item` for each item that a transfer of `identity` has, as far as is known.
  virtual void foresee(const std::string& identity, Asking asking, const OnProspect& on_item) = 0;

  /// The same for the items that are at the destination because a tag there names `identity`.
  virtual void foresee_held(const std::string& identity, Asking asking,
                            const OnProspect& on_item) = 0;

  /// What setting one tag and removing one takes beside the items.
  [[nodiscard]] virtual std::uint64_t requests_of_tag() const = 0;
  [[nodiscard]] virtual std::uint64_t requests_of_removal() const = 0;
};

struct PassageOptions {
  BandwidthLimits limits;
  bool require_checksum = false; ///< images whose layers have no checksum at their source fail
};

/// The passages from one side to another, and what they share: what is known of images. Thread-safe
/// but for its making.
class Passages {
public:
  /// All must outlive it, and it the passages. `facts` keeps what a later run need not ask for.
  Passages(Session& session, Side& source, Side& destination, LearntFacts& facts,
           const PassageOptions& options);
  ~Passages();
  Passages(const Passages&) = delete;
  Passages& operator=(const Passages&) = delete;

  /// From one repository to another. Asks nobody.
  std::unique_ptr<Passage> open(const std::string& source_name,
                                const std::string& destination_name);

private:
  Side& source_;
  Side& destination_;
  std::unique_ptr<V1Passages> v1_;
};

/// Whether a line of a file of facts is one that a passage learnt.
bool is_fact(std::string_view identity, std::string_view text);

} // namespace regctl::ops
