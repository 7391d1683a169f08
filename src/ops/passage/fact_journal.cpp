// SPDX-License-Identifier: Apache-2.0
#include "ops/passage/fact_journal.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/file_lock.hpp>
#include <regctl/base/lines.hpp>

#include <algorithm>
#include <filesystem>

namespace regctl::ops {

namespace {

/// Ends each line: what lacks it was cut, and may still look like a fact.
constexpr std::string_view k_end = " .";

FileDescriptor open(const std::string& path) {
  if (const auto folder = std::filesystem::path(path).parent_path(); !folder.empty()) {
    std::filesystem::create_directories(folder);
  }
  return open_and_lock(path);
}

} // namespace

void FactJournal::add(std::string_view identity, std::string_view text) {
  const auto file = open(path_);
  std::string line = "\n"; // another run may have been killed in its line
  line.append(identity).append(" ").append(text).append(k_end).append("\n");
  write_fully(file.get(), as_bytes(line), "'" + path_ + "'", OnInterrupt::go_on);
}

void FactJournal::read(const OnFact& on_fact) const {
  const auto what = "'" + path_ + "'";
  try {
    LineReader lines(make_fd_source(open_regular_file(path_), what, OnInterrupt::go_on), what);
    while (const auto line = lines.next()) {
      if (line->ends_with(k_end)) {
        const auto [identity, text] =
            split_fact(std::string_view(*line).substr(0, line->size() - k_end.size()));
        on_fact(identity, text);
      }
    }
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::not_found && error.kind() != ErrorKind::protocol) {
      throw;
    } // protocol: a line without end, of another program
  }
}

void FactJournal::fold(const std::function<void()>& fold) const {
  const auto file = open(path_);
  fold();
  std::error_code problem; // then the next run reads it once more
  std::filesystem::remove(path_, problem);
}

FactLine split_fact(std::string_view line) noexcept {
  const auto space = std::min(line.find(' '), line.size());
  return {line.substr(0, space), line.substr(std::min(space + 1, line.size()))};
}

} // namespace regctl::ops
