// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace regctl::ops {

/// Facts that are not in their file yet, in a file beside it: a line for each, written at once, so
/// that a killed run loses none. Several runs may share it. A line that is cut is ignored.
class FactJournal {
public:
  /// `file` is that of the facts.
  explicit FactJournal(const std::string& file) : path_(file + ".new") {}

  /// Adds a fact. Throws Error{local_io}, and std::filesystem::filesystem_error for its folder.
  void add(std::string_view identity, std::string_view text);

  using OnFact = std::function<void(std::string_view identity, std::string_view text)>;
  /// Calls `on_fact` for each whole line. Throws Error{local_io}.
  void read(const OnFact& on_fact) const;

  /// Calls `fold`, which is to read() the journal and to put its facts into their file, while no
  /// other run does that or adds a fact; then removes the journal. Throws what add() throws, and
  /// what `fold` throws, with the journal kept.
  void fold(const std::function<void()>& fold) const;

private:
  std::string path_;
};

/// The fact of a line: what stands before its first space, and behind it.
struct FactLine {
  std::string_view identity;
  std::string_view text;
};
FactLine split_fact(std::string_view line) noexcept;

} // namespace regctl::ops
