// SPDX-License-Identifier: Apache-2.0
#include "ops/passage/learnt_facts.hpp"

#include "ops/passage/place_fact.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/base/lines.hpp>

#include <filesystem>
#include <utility>

namespace regctl::ops {

namespace {

constexpr std::string_view k_head = "regctl mirror state 1";
constexpr std::size_t k_piece_bytes = std::size_t{64} * 1024;

} // namespace

LearntFacts::LearntFacts(std::string file, IsFact is_fact, Note note)
    : file_(std::move(file)), is_fact_(std::move(is_fact)), note_(std::move(note)),
      journal_(file_) {
  const std::lock_guard lock(mutex_);
  if (file_.empty()) {
    return;
  }
  const auto problem =
      read([&](auto identity, auto text) { table_of(identity).put(identity, text); });
  if (!problem.empty()) {
    note_(problem);
    is_changed_ = true; // else every later run would note the fault again
  }
  read_journal();
}

std::string LearntFacts::read(const FactJournal::OnFact& on_fact) const {
  const auto what = "'" + file_ + "'";
  std::size_t useless = 0;
  try {
    LineReader lines(make_fd_source(open_regular_file(file_), what, OnInterrupt::go_on), what);
    auto line = lines.next();
    if (line && *line != k_head) {
      return what + " is not a mirror's state and is written anew";
    }
    while ((line = lines.next())) {
      const auto [identity, text] = split_fact(*line);
      if (is_fact_(identity, text)) {
        on_fact(identity, text);
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

/// Takes over what a killed run left, or one that goes on now.
void LearntFacts::read_journal() {
  try {
    journal_.read([&](auto identity, auto text) {
      if (is_fact_(identity, text)) {
        table_of(identity).put(identity, text);
        is_changed_ = true;
      }
    });
  } catch (const Error& error) {
    note_(error.message() + "; what it has is learnt anew");
  }
}

std::optional<std::string> LearntFacts::find(const std::string& identity) const {
  const std::lock_guard lock(mutex_);
  return table_of(identity).find(identity);
}

bool LearntFacts::empty() const {
  const std::lock_guard lock(mutex_);
  return facts_.size() == 0;
}

void LearntFacts::put(const std::string& identity, const std::string& text) {
  const std::lock_guard lock(mutex_);
  if (!table_of(identity).put(identity, text)) {
    return;
  }
  is_changed_ = true;
  if (!file_.empty() && is_journal_kept_) {
    is_journal_kept_ = false;
    note_failure([&] {
      journal_.add(identity, text);
      is_journal_kept_ = true;
    });
  }
}

void LearntFacts::save() {
  const std::lock_guard lock(mutex_);
  // Which facts were used matters only where some have to go.
  const bool is_nearly_full =
      facts_.size() > k_limit / 8 * 7 || places_.size() > k_places_limit / 8 * 7;
  if (!file_.empty() && (is_changed_ || is_nearly_full)) {
    note_failure([&] { journal_.fold([&] { write(); }); });
  }
}

/// Writes our facts, and those of other runs that have written meanwhile or go on. Ours win, and
/// faults of the file are noted already.
void LearntFacts::write() {
  const auto add = [&](auto identity, auto text) {
    if (is_fact_(identity, text)) {
      table_of(identity).add_unused(identity, text);
    }
  };
  journal_.read(add);
  read(add);
  AtomicFile file(file_);
  std::string lines(k_head);
  lines += '\n';
  const auto add_line = [&](const std::string& identity, const std::string& text) {
    lines.append(identity).append(" ").append(text).append("\n");
    if (lines.size() >= k_piece_bytes) {
      file.write(as_bytes(lines), OnInterrupt::go_on);
      lines.clear();
    }
  };
  facts_.for_each(add_line);
  places_.for_each(add_line);
  file.write(as_bytes(lines), OnInterrupt::go_on);
  file.commit();
  is_changed_ = false;
}

FactTable& LearntFacts::table_of(std::string_view identity) const {
  return PlaceFact::is_identity(identity) ? places_ : facts_;
}

void LearntFacts::note_failure(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    note_(error.message() + "; the mirror's state is not kept");
  } catch (const std::filesystem::filesystem_error& error) {
    note_("cannot write '" + file_ + "': " + error.code().message() +
          "; the mirror's state is not kept");
  }
}

} // namespace regctl::ops
