// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/passage/fact_journal.hpp"
#include "ops/passage/fact_table.hpp"

#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace regctl::ops {

/// Facts about the images of a source that runs have learnt, by identity. Each is one text, which a
/// passage writes and reads. They stay true for ever, since an identity never means another image;
/// only those of PlaceFact may not, and cost requests then. The file may be deleted or out of date
/// at no cost but requests. What is learnt is kept beside the file until save(), so that a killed
/// run loses nothing. Thread-safe.
class LearntFacts {
public:
  using Note = std::function<void(const std::string&)>;
  /// Whether a line of the file is a valid fact.
  using IsFact = std::function<bool(std::string_view identity, std::string_view text)>;

  /// Reads the file if it exists, and what killed runs left beside it. Invalid lines are ignored: a
  /// note says so, and save() writes a valid file. With an empty name nothing is read or written.
  LearntFacts(std::string file, IsFact is_fact, Note note);

  /// A fact that is found counts as used.
  [[nodiscard]] std::optional<std::string> find(const std::string& identity) const;
  [[nodiscard]] bool empty() const;
  /// `text` must not contain a line feed, nor `identity` a line feed or a space.
  void put(const std::string& identity, const std::string& text);

  /// Writes the new facts, together with those that another run has written meanwhile, atomically;
  /// works after an interruption too. A failure is only noted, since no data are lost.
  void save();

  /// The most facts kept: of a registry of 10,000 tags with 20 layers each. They take some 33 MiB.
  /// Those that were not used for the longest time are dropped.
  static constexpr std::size_t k_limit = 220'000;
  /// Besides, the most facts about places of blobs, which push out no others. They take some 4 MiB.
  static constexpr std::size_t k_places_limit = 32'768;

private:
  /// Calls `on_fact` for each fact of the file. Returns the fault of the file; empty if it has none
  /// or does not exist.
  std::string read(const FactJournal::OnFact& on_fact) const;
  void read_journal();
  void write();
  [[nodiscard]] FactTable& table_of(std::string_view identity) const;
  /// Notes why facts are not kept.
  void note_failure(const std::function<void()>& body);

  const std::string file_;
  const IsFact is_fact_;
  const Note note_;
  FactJournal journal_;
  mutable std::mutex mutex_; ///< guards the members below
  mutable FactTable facts_{k_limit};
  mutable FactTable places_{k_places_limit};
  bool is_changed_ = false;
  bool is_journal_kept_ = true; ///< false after a failure, which is noted once
};

} // namespace regctl::ops
