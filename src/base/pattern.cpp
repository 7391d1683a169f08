// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/pattern.hpp>

#include <re2/re2.h>

#include <atomic>
#include <utility>

namespace regctl {

namespace {

constexpr std::size_t k_length_limit = 1024;
constexpr std::int64_t k_memory_limit_bytes = 1024 * 1024; // of a compiled pattern

[[noreturn]] void bad(std::string_view text, const std::string& why) {
  throw Error(ErrorKind::usage, "'" + std::string(text) + "' is not a pattern: " + why,
              "write a glob as in 'team/*', or a regular expression between slashes");
}

/// Turns a glob into a regular expression in which each wildcard is a group.
class Glob {
public:
  explicit Glob(std::string_view text) : text_(text) {}

  std::string to_regex() {
    while (at_ < text_.size()) {
      take_one();
    }
    if (open_braces_ > 0) {
      bad(text_, "a '{' is not closed");
    }
    return std::move(regex_);
  }

private:
  void take_one() {
    const char c = text_[at_++];
    switch (c) {
    case '*':
      take_stars();
      break;
    case '?':
      regex_ += "([^/])";
      break;
    case '[':
      take_set();
      break;
    case '{':
      regex_ += '(';
      ++open_braces_;
      break;
    case '\\':
      if (at_ == text_.size()) {
        bad(text_, "nothing follows the last '\\'");
      }
      add_literal(text_[at_++]);
      break;
    default:
      take_plain(c);
    }
  }

  void take_plain(char c) {
    if (c == ',' && open_braces_ > 0) {
      regex_ += '|';
    } else if (c == '}' && open_braces_ > 0) {
      regex_ += ')';
      --open_braces_;
    } else {
      add_literal(c);
    }
  }

  void take_stars() {
    const bool begins_part = at_ == 1 || text_[at_ - 2] == '/';
    if (at_ == text_.size() || text_[at_] != '*') {
      regex_ += "([^/]*)";
      return;
    }
    ++at_;
    if (begins_part && at_ < text_.size() && text_[at_] == '/') {
      ++at_;
      regex_ += "((?:.*/)?)";
    } else {
      regex_ += "(.*)";
    }
  }

  /// "[a-z_]", "[!a-z]": never a '/', so that a set stays within a part of the name.
  void take_set() {
    const auto begin = at_;
    const bool is_negated = at_ < text_.size() && (text_[at_] == '!' || text_[at_] == '^');
    at_ += is_negated ? 1 : 0;
    std::string members;
    // As in other globs, a ']' right at the beginning is a member.
    for (const auto first = at_; at_ < text_.size() && (text_[at_] != ']' || at_ == first); ++at_) {
      const char c = text_[at_];
      if (c == '/') {
        bad(text_, "a set has a '/'");
      }
      members +=
          c == '[' || c == ']' || c == '\\' || c == '^' ? std::string{'\\', c} : std::string(1, c);
    }
    if (at_ == text_.size()) {
      at_ = begin;
      bad(text_, "a '[' is not closed");
    }
    ++at_;
    regex_ += is_negated ? "([^/" + members + "])" : "([" + members + "])";
  }

  void add_literal(char c) { regex_ += re2::RE2::QuoteMeta(std::string(1, c)); }

  std::string_view text_;
  std::size_t at_ = 0;
  int open_braces_ = 0;
  std::string regex_;
};

re2::RE2::Options regex_options() {
  re2::RE2::Options options(re2::RE2::Quiet);
  options.set_max_mem(k_memory_limit_bytes);
  options.set_dot_nl(true);
  options.set_encoding(re2::RE2::Options::EncodingLatin1); // names are bytes
  return options;
}

} // namespace

struct Pattern::Compiled {
  explicit Compiled(const std::string& text) : regex(text, regex_options()) {}

  re2::RE2 regex;
  std::atomic<bool> has_matched{false};
};

Pattern::Pattern(std::string text, std::shared_ptr<Compiled> compiled)
    : text_(std::move(text)), compiled_(std::move(compiled)) {}

Pattern Pattern::parse(std::string_view text) {
  if (text.empty()) {
    bad(text, "it is empty");
  }
  if (text.size() > k_length_limit) {
    bad(text.substr(0, 40), "it has more than " + std::to_string(k_length_limit) + " characters");
  }
  std::string regex;
  if (text.front() != '/') {
    regex = Glob(text).to_regex();
  } else if (text.size() >= 3 && text.back() == '/') {
    regex = text.substr(1, text.size() - 2);
  } else {
    bad(text, "no name begins with '/', and a regular expression ends with one");
  }
  auto compiled = std::make_shared<Compiled>(regex);
  if (!compiled->regex.ok()) {
    bad(text, compiled->regex.error());
  }
  return {std::string(text), std::move(compiled)};
}

bool Pattern::matches(std::string_view name) const {
  const bool is_match =
      re2::RE2::FullMatch(re2::StringPiece(name.data(), name.size()), compiled_->regex);
  if (is_match) {
    compiled_->has_matched.store(true, std::memory_order_relaxed);
  }
  return is_match;
}

bool Pattern::has_matched() const noexcept {
  return compiled_->has_matched.load(std::memory_order_relaxed);
}

std::optional<std::vector<std::string>> Pattern::captures(std::string_view name) const {
  std::vector<re2::StringPiece> groups(capture_count() + 1);
  const re2::StringPiece whole(name.data(), name.size());
  if (!compiled_->regex.Match(whole, 0, name.size(), re2::RE2::ANCHOR_BOTH, groups.data(),
                              static_cast<int>(groups.size()))) {
    return std::nullopt;
  }
  compiled_->has_matched.store(true, std::memory_order_relaxed);
  std::vector<std::string> caught;
  caught.reserve(groups.size());
  for (const auto& group : groups) {
    caught.emplace_back(group.data() == nullptr ? "" : group.data(), group.size());
  }
  return caught;
}

std::size_t Pattern::capture_count() const noexcept {
  return static_cast<std::size_t>(compiled_->regex.NumberOfCapturingGroups());
}

bool any_matches(const std::vector<Pattern>& patterns, std::string_view name) {
  bool is_match = false;
  for (const auto& pattern : patterns) {
    is_match = pattern.matches(name) || is_match;
  }
  return is_match;
}

} // namespace regctl
