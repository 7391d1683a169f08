// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/limited_map.hpp>

#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace regctl::ops {

/// Facts about the images of a source that runs have learnt, by identity. Each is one text, which a
/// passage writes and reads. Only facts that stay true for ever, since an identity never means
/// another image: the file may be deleted or out of date at no cost but requests. Thread-safe.
class LearntFacts {
public:
  using Note = std::function<void(const std::string&)>;
  /// Whether a line of the file is a valid fact.
  using IsFact = std::function<bool(std::string_view identity, std::string_view text)>;

  /// Reads the file if it exists. Invalid lines are ignored: a note says so, and save() writes a
  /// valid file. With an empty name nothing is read or written.
  LearntFacts(std::string file, IsFact is_fact, Note note);

  [[nodiscard]] std::optional<std::string> find(const std::string& identity) const;
  [[nodiscard]] bool empty() const;
  /// `text` must not contain a line feed, nor `identity` a line feed or a space.
  void put(const std::string& identity, const std::string& text);

  /// Writes the new facts, together with those that another run has written meanwhile, atomically;
  /// works after an interruption too. A failure is only noted, since no data are lost.
  void save();

  /// The most facts kept; the oldest are dropped.
  static constexpr std::size_t k_limit = 20'000;

private:
  /// Returns the fault of the file; empty if it has none or does not exist.
  std::string read();

  const std::string file_;
  const IsFact is_fact_;
  const Note note_;
  mutable std::mutex mutex_; ///< guards the members below
  LimitedMap<std::string> facts_{k_limit};
  bool is_changed_ = false;
};

} // namespace regctl::ops
