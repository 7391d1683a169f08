// SPDX-License-Identifier: Apache-2.0
#include "ops/mirror/state.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/base/hash.hpp>
#include <regctl/base/lines.hpp>
#include <regctl/base/whole_number.hpp>
#include <regctl/model/v1/image.hpp>

#include <array>
#include <filesystem>
#include <utility>

namespace regctl::ops::mirror {

namespace {

constexpr std::string_view k_head = "regctl mirror state 1";
constexpr std::string_view k_unknown = "-";

template <class Number> std::string print_number(const std::optional<Number>& number) {
  return number ? std::to_string(*number) : std::string(k_unknown);
}

struct Line {
  std::string id;
  State::Fact fact;
};

/// "ID CREATED SIZE PARENT", "-" for what is not known or not there; nothing for anything else.
std::optional<Line> parse_line(std::string_view text) {
  std::array<std::string_view, 4> words;
  for (auto& word : words) {
    const auto space = std::min(text.find(' '), text.size());
    word = text.substr(0, space);
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  const auto& [id, created, size, parent] = words;
  const bool has_parent = parent != k_unknown;
  if (!text.empty() || !is_v1_id(id) || (has_parent && !is_v1_id(parent))) {
    return std::nullopt;
  }
  Line line;
  line.id = id;
  line.fact.created = parse_whole_number<std::int64_t>(created);
  line.fact.size_bytes = parse_whole_number<std::uint64_t>(size);
  line.fact.parent = has_parent ? parent : std::string_view();
  if ((!line.fact.created && created != k_unknown) ||
      (!line.fact.size_bytes && size != k_unknown)) {
    return std::nullopt;
  }
  return line;
}

/// An end as part of a file's name.
std::string file_name(const Endpoint& endpoint) {
  constexpr std::size_t k_longest = 60;
  constexpr std::string_view k_scheme = "docker://";
  auto end = endpoint;
  if (end.place && !end.place->path.empty()) { // the same name is another tree in another folder
    end.place->path = std::filesystem::absolute(end.place->path).lexically_normal().string();
  }
  auto text = end.host ? end.host->host : end.to_string();
  if (text.starts_with(k_scheme)) {
    text.erase(0, k_scheme.size());
    text.erase(std::min(text.find('/'), text.size()));
  }
  auto name = text;
  for (auto& c : name) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '.' || c == '-';
    c = is_plain ? c : '_';
  }
  if (name.size() > k_longest) { // a folder's path: its end, and what tells it from others
    Sha256 hash;
    hash.update(as_bytes(text));
    name = hash.finish_hex().substr(0, 12) + name.substr(name.size() - k_longest);
  }
  return name;
}

} // namespace

State::State(std::string file, Note note) : file_(std::move(file)), note_(std::move(note)) {
  const std::lock_guard lock(mutex_);
  if (file_.empty()) {
    return;
  }
  if (const auto problem = read(); !problem.empty()) {
    note_(problem);
    is_changed_ = true; // or every later run would have to tell it again
  }
}

std::string State::read() {
  const auto what = "'" + file_ + "'";
  std::size_t useless = 0;
  try {
    LineReader lines(make_fd_source(open_regular_file(file_), what, OnInterrupt::go_on), what);
    auto line = lines.next();
    if (line && *line != k_head) {
      return what + " is not a mirror's state and is written anew";
    }
    while ((line = lines.next())) {
      if (const auto parsed = parse_line(*line)) {
        add(parsed->id, parsed->fact);
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

void State::add(const std::string& id, const Fact& fact) {
  if (!facts_.emplace(id, fact).second) {
    return;
  }
  order_.push_back(id);
  if (order_.size() > k_limit) {
    facts_.erase(order_.front());
    order_.pop_front();
  }
}

std::optional<State::Fact> State::find(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = facts_.find(id);
  return found == facts_.end() ? std::nullopt : std::optional(found->second);
}

void State::put(const std::string& id, const Fact& fact) {
  const std::lock_guard lock(mutex_);
  const auto found = facts_.find(id);
  if (found == facts_.end()) {
    add(id, fact);
    is_changed_ = true;
  } else if (!(found->second == fact)) {
    found->second = fact;
    is_changed_ = true;
  }
}

void State::save() {
  const std::lock_guard lock(mutex_);
  if (file_.empty() || !is_changed_) {
    return;
  }
  try {
    read(); // what another run has learnt; what we know stays, and what is wrong has been told
    if (const auto folder = std::filesystem::path(file_).parent_path(); !folder.empty()) {
      std::filesystem::create_directories(folder);
    }
    AtomicFile file(file_);
    const auto write = [&](const std::string& line) {
      file.write(as_bytes(line + "\n"), OnInterrupt::go_on);
    };
    write(std::string(k_head));
    for (const auto& id : order_) {
      const auto& fact = facts_.at(id);
      write(id + " " + print_number(fact.created) + " " + print_number(fact.size_bytes) + " " +
            (fact.parent.empty() ? std::string(k_unknown) : fact.parent));
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

std::string state_file(const std::string& folder, const Endpoint& source,
                       const Endpoint& destination) {
  return folder + "/" + file_name(source) + "--" + file_name(destination) + ".state";
}

} // namespace regctl::ops::mirror
