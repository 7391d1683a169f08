// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/seeded_hash.hpp>

#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace regctl::ops {

/// What runs have learnt of the images of a source, by identity: a text for each that a passage
/// wrote and reads. Only what stays true for ever, since an image is never another one: a file of
/// it may be deleted, or be old, at no cost but requests. Thread-safe.
class LearntFacts {
public:
  using Note = std::function<void(const std::string&)>;
  /// Whether a line of the file is of use.
  using IsFact = std::function<bool(std::string_view identity, std::string_view text)>;

  /// Reads the file if there is one. What in it makes no sense is ignored, a note says so, and
  /// save() writes a good one; with an empty name nothing is read or written.
  LearntFacts(std::string file, IsFact is_fact, Note note);

  [[nodiscard]] std::optional<std::string> find(const std::string& identity) const;
  /// Neither has a line feed, and `identity` no space.
  void put(const std::string& identity, const std::string& text);

  /// Writes what is new, together with what another run has written meanwhile, at once or not at
  /// all; also once interrupted. What prevents it is only noted: nothing is lost.
  void save();

  /// At most so many; the ones that were learnt first are forgotten.
  static constexpr std::size_t k_limit = 20'000;

private:
  /// What is wrong with the file; empty if nothing is, or there is none.
  std::string read();
  void add(const std::string& identity, const std::string& text);

  const std::string file_;
  const IsFact is_fact_;
  const Note note_;
  mutable std::mutex mutex_; ///< guards what follows
  std::unordered_map<std::string, std::string, SeededHash> facts_;
  std::deque<std::string> order_; // oldest first
  bool is_changed_ = false;
};

} // namespace regctl::ops
