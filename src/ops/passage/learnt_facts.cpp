// SPDX-License-Identifier: Apache-2.0
#include "ops/passage/learnt_facts.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/base/lines.hpp>

#include <algorithm>
#include <filesystem>
#include <utility>

namespace regctl::ops {

namespace {

constexpr std::string_view k_head = "regctl mirror state 1";

} // namespace

LearntFacts::LearntFacts(std::string file, IsFact is_fact, Note note)
    : file_(std::move(file)), is_fact_(std::move(is_fact)), note_(std::move(note)) {
  const std::lock_guard lock(mutex_);
  if (file_.empty()) {
    return;
  }
  if (const auto problem = read(); !problem.empty()) {
    note_(problem);
    is_changed_ = true; // else every later run would note the fault again
  }
}

std::string LearntFacts::read() {
  const auto what = "'" + file_ + "'";
  std::size_t useless = 0;
  try {
    LineReader lines(make_fd_source(open_regular_file(file_), what, OnInterrupt::go_on), what);
    auto line = lines.next();
    if (line && *line != k_head) {
      return what + " is not a mirror's state and is written anew";
    }
    while ((line = lines.next())) {
      const auto space = std::min(line->find(' '), line->size());
      const auto text = line->substr(std::min(space + 1, line->size()));
      line->resize(space);
      if (is_fact_(*line, text)) {
        facts_.try_emplace(*line, text);
      } else {
        ++useless;
      }
    }
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::not_found) {
      return error.message() + "; the mirror's state is learnt anew";
    }
  }
  return useless == 0 ? ""
                      : what + " has " + std::to_string(useless) +
                            (useless == 1 ? " line" : " lines") + " of no use, which are ignored";
}

std::optional<std::string> LearntFacts::find(const std::string& identity) const {
  const std::lock_guard lock(mutex_);
  const auto* found = facts_.find(identity);
  return found == nullptr ? std::nullopt : std::optional(*found);
}

bool LearntFacts::empty() const {
  const std::lock_guard lock(mutex_);
  return facts_.size() == 0;
}

void LearntFacts::put(const std::string& identity, const std::string& text) {
  const std::lock_guard lock(mutex_);
  const auto* found = facts_.find(identity);
  if (found == nullptr || *found != text) {
    facts_.put(identity, text);
    is_changed_ = true;
  }
}

void LearntFacts::save() {
  const std::lock_guard lock(mutex_);
  if (file_.empty() || !is_changed_) {
    return;
  }
  try {
    read(); // merges what another run wrote; our facts win, and faults of the file are already
            // noted
    if (const auto folder = std::filesystem::path(file_).parent_path(); !folder.empty()) {
      std::filesystem::create_directories(folder);
    }
    AtomicFile file(file_);
    const auto write = [&](const std::string& line) {
      file.write(as_bytes(line + "\n"), OnInterrupt::go_on);
    };
    write(std::string(k_head));
    for (const auto& [identity, text] : facts_.entries()) {
      write(identity + " " + text);
    }
    file.commit();
    is_changed_ = false;
  } catch (const Error& error) {
    note_(error.message() + "; the mirror's state is not kept");
  } catch (const std::filesystem::filesystem_error& error) {
    note_("cannot write '" + file_ + "': " + error.code().message() +
          "; the mirror's state is not kept");
  }
}

} // namespace regctl::ops
