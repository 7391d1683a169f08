// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/seeded_hash.hpp>
#include <regctl/ops/places/endpoint.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace regctl::ops::mirror {

/// What a mirror has learnt of the source's images: only what stays true for ever, since an image
/// is never another one. A file of it may be deleted, or be old, at no cost but requests.
/// Thread-safe.
class State {
public:
  struct Fact {
    std::optional<std::int64_t> created; ///< seconds since 1970
    std::optional<std::uint64_t> size_bytes;
    std::string parent; ///< empty for a base image
    bool operator==(const Fact&) const = default;
  };

  using Note = std::function<void(const std::string&)>;

  /// Reads the file if there is one. What in it makes no sense is ignored, a note says so, and
  /// save() writes a good one; with an empty name nothing is read or written.
  State(std::string file, Note note);

  [[nodiscard]] std::optional<Fact> find(const std::string& id) const;
  void put(const std::string& id, const Fact& fact);

  /// Writes what is new, together with what another run has written meanwhile, at once or not at
  /// all; also once interrupted. What prevents it is only noted: nothing is lost.
  void save();

  /// At most so many images; the ones that were learnt first are forgotten.
  static constexpr std::size_t k_limit = 20'000;

private:
  /// What is wrong with the file; empty if nothing is, or there is none.
  std::string read();
  void add(const std::string& id, const Fact& fact);

  const std::string file_;
  const Note note_;
  mutable std::mutex mutex_; ///< guards what follows
  std::unordered_map<std::string, Fact, SeededHash> facts_;
  std::deque<std::string> order_; // oldest first
  bool is_changed_ = false;
};

/// Where the state of a pair of ends is kept in `folder`: "old_5000--new_5000.state".
std::string state_file(const std::string& folder, const Endpoint& source,
                       const Endpoint& destination);

} // namespace regctl::ops::mirror
