// SPDX-License-Identifier: Apache-2.0
#include "ops/map/new_names.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/interrupt.hpp>
#include <regctl/base/text.hpp>
#include <regctl/model/reference.hpp>
#include <regctl/ops/map.hpp>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace regctl::ops {

namespace {

/// So much of the text is looked at behind the begin of a reference; longer ones are left alone.
constexpr std::size_t k_ahead_bytes = 1024;
/// So much is kept before it, to see what stands there.
constexpr std::size_t k_context_bytes = 256;

constexpr std::string_view k_tag_characters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
/// Of names in shells and compose files: those of tags without the last two.
constexpr auto k_variable_characters = k_tag_characters.substr(0, k_tag_characters.size() - 2);

bool is_tag_character(char c) noexcept {
  return k_tag_characters.find(c) != std::string_view::npos;
}

bool is_name_character(char c) noexcept {
  return c == '/' || is_tag_character(c);
}

/// Whether a reference that begins behind `c` is the rest of a longer word.
bool continues_before(char c) noexcept {
  return is_name_character(c) || std::string_view(":@+%~\\$}").find(c) != std::string_view::npos ||
         static_cast<unsigned char>(c) >= 0x80;
}

/// Whether a word goes on with `c` behind a reference.
bool continues_behind(char c) noexcept {
  return is_name_character(c) ||
         std::string_view(":@+%~=?#*${").find(c) != std::string_view::npos ||
         static_cast<unsigned char>(c) >= 0x80;
}

/// Whether a reference behind `before` is the word that a shell or compose takes with or instead of
/// a variable: "${NAME:-WORD}", "${NAME-WORD}", "${NAME:+WORD}", "${NAME+WORD}".
bool begins_word_of_variable(std::string_view before) {
  if (!before.ends_with('-') && !before.ends_with('+')) {
    return false;
  }
  before.remove_suffix(1);
  if (before.ends_with(':')) { // no reference goes on so, whatever stands before it
    return true;
  }
  const auto end = before.find_last_not_of(k_variable_characters);
  return end != std::string_view::npos && end + 1 < before.size() &&
         before.substr(0, end + 1).ends_with("${");
}

/// Whether a variable of a shell, compose or Helm begins with `c`; where a whole tag is expected,
/// also one in <brackets> or %signs%.
bool begins_variable(char c, bool is_whole_tag) noexcept {
  return std::string_view(is_whole_tag ? "${<%" : "${").find(c) != std::string_view::npos;
}

/// A reference as it stands in the text; sizes count from its begin.
struct FoundReference {
  std::string_view host;
  std::string_view name;
  std::string_view tag;     ///< empty if there is none
  bool is_variable = false; ///< the tag is one, or a part of it
  std::size_t name_end = 0;
  std::size_t end = 0;         ///< behind the tag
  const char* fault = nullptr; ///< why it cannot be looked up
};

/// Whether the text before a reference makes it the value of Helm's "repository:", whose tag stands
/// under a key of its own.
bool is_repository_value(std::string_view before) {
  while (!before.empty() && std::string_view(" \t\"'").find(before.back()) != before.npos) {
    before.remove_suffix(1);
  }
  if (!before.ends_with(':')) {
    return false;
  }
  before.remove_suffix(1);
  before = trim(before);
  if (before.ends_with('"') || before.ends_with('\'')) {
    before.remove_suffix(1);
  }
  return lower(before).ends_with("repository");
}

class Rewriter {
public:
  using OnRemark = std::function<void(const RemarkedReference&)>;

  Rewriter(const NewNames& names, const RewriteOptions& options, Sink& out,
           const OnRemark& on_remark)
      : names_(names), options_(options), out_(out), on_remark_(on_remark) {
    for (const auto& host : names.hosts()) {
      begins_.at(static_cast<unsigned char>(host.front())) = true;
      hosts_.push_back(host);
    }
    std::sort(hosts_.begin(), hosts_.end(), // the longest one that fits counts
              [](const auto& a, const auto& b) { return a.size() > b.size(); });
  }

  RewriteSummary run(Source& text) {
    std::array<std::byte, 64 * 1024> piece{};
    bool is_over = false;
    while (!is_over) {
      check_interrupted();
      const auto n = text.read(piece);
      is_over = n == 0;
      buffer_.append(reinterpret_cast<const char*>(piece.data()), n);
      const auto ahead = is_over ? 0 : k_ahead_bytes;
      if (buffer_.size() > ahead) {
        scan(buffer_.size() - ahead);
      }
    }
    write(buffer_.size());
    return summary_;
  }

private:
  /// Looks at every position before `end`.
  void scan(std::size_t end) {
    while (next_ < end) {
      const auto host = begins_.at(static_cast<unsigned char>(lower(buffer_[next_])))
                            ? find_host()
                            : std::string_view();
      next_ = host.empty() ? next_ + 1 : handle(host);
    }
    write(std::min(next_, buffer_.size()));
    const auto done = written_ - std::min(written_, k_context_bytes);
    buffer_.erase(0, done);
    written_ -= done;
    next_ -= done;
    is_at_begin_ = is_at_begin_ && done == 0;
  }

  /// The host that begins here and is no part of a longer word; empty if none does.
  [[nodiscard]] std::string_view find_host() const {
    const auto rest = std::string_view(buffer_).substr(next_);
    for (const auto& host : hosts_) {
      if (rest.size() >= host.size() && lower(rest.substr(0, host.size())) == host &&
          is_word_begin()) {
        return host;
      }
    }
    return {};
  }

  [[nodiscard]] bool is_word_begin() const {
    const auto before = std::string_view(buffer_).substr(0, next_);
    return before.empty() || !continues_before(before.back()) ||
           (is_at_begin_ && before == "\xEF\xBB\xBF") || // the mark of UTF-8
           before.ends_with(k_registry_scheme) || begins_word_of_variable(before);
  }

  /// Returns where to go on.
  std::size_t handle(std::string_view host) {
    const auto found = read_reference(host);
    if (found.end == 0) { // another host, which begins alike
      return next_ + host.size();
    }
    replace(found);
    return next_ + found.end;
  }

  [[nodiscard]] FoundReference read_reference(std::string_view host) const {
    const auto rest = std::string_view(buffer_).substr(next_, k_ahead_bytes);
    const auto at = [&](std::size_t i) { return i < rest.size() ? rest[i] : '\n'; };
    FoundReference found;
    found.host = host;
    auto end = host.size();
    if (at(end) != '/') {
      const bool is_longer = continues_behind(at(end)) && !is_colon_of_text(rest, end);
      found.end = is_longer ? 0 : end;
      found.fault = "is a registry without an image";
      return found;
    }
    const auto begin = ++end;
    while (is_name_character(at(end))) {
      ++end;
    }
    found.name = rest.substr(begin, end - begin);
    found.name_end = end;
    read_tag(rest, found);
    return found;
  }

  /// Whether the colon at `i` belongs to the text, and not to a reference.
  static bool is_colon_of_text(std::string_view rest, std::size_t i) {
    return i < rest.size() && rest[i] == ':' &&
           (i + 1 == rest.size() ||
            std::string_view(" \t\r\n\"'`,;)]}").find(rest[i + 1]) != std::string_view::npos);
  }

  void read_tag(std::string_view rest, FoundReference& found) const {
    const auto at = [&](std::size_t i) { return i < rest.size() ? rest[i] : '\n'; };
    auto end = found.name_end;
    if (at(end) == ':' && !is_colon_of_text(rest, end)) {
      const auto begin = ++end;
      while (is_tag_character(at(end))) {
        ++end;
      }
      found.tag = rest.substr(begin, end - begin);
      found.is_variable = begins_variable(at(end), found.tag.empty());
    }
    found.end = end;
    if (found.name.empty() || found.name.ends_with('/')) {
      found.fault = "names no image";
    } else if (found.end >= k_ahead_bytes) {
      found.fault = "is too long";
    } else if (at(end) == '@') {
      found.fault = "has a digest, and the old registry has none";
    } else if (!found.is_variable && continues_behind(at(end)) && !is_colon_of_text(rest, end)) {
      found.fault = "goes on like no reference";
    }
  }

  void replace(FoundReference found) {
    const auto* repository = found.fault == nullptr ? find_repository(found) : nullptr;
    if (found.fault != nullptr || repository == nullptr) {
      leave(found, found.fault != nullptr ? found.fault : "is not in the map");
      return;
    }
    if (found.is_variable) {
      rename(found, *repository, "its tag is a variable");
    } else if (found.tag.empty()) {
      replace_untagged(found, *repository);
    } else if (const auto* tag = find_tag(found, *repository)) {
      put(found, *repository, *tag);
    } else {
      leave(found, "is not in the map");
    }
  }

  /// Also without the full stop of a sentence.
  [[nodiscard]] const NewNames::Repository* find_repository(FoundReference& found) const {
    const auto* repository = names_.find(found.host, found.name);
    while (repository == nullptr && found.name_end == found.end && found.name.ends_with('.')) {
      found.name.remove_suffix(1);
      found.end = --found.name_end;
      repository = names_.find(found.host, found.name);
    }
    return repository;
  }

  static const NewNames::Tag* find_tag(FoundReference& found,
                                       const NewNames::Repository& repository) {
    auto tag = repository.tags.find(found.tag);
    while (tag == repository.tags.end() && found.tag.ends_with('.')) {
      found.tag.remove_suffix(1);
      --found.end;
      tag = repository.tags.find(found.tag);
    }
    return tag == repository.tags.end() ? nullptr : &tag->second;
  }

  void replace_untagged(const FoundReference& found, const NewNames::Repository& repository) {
    if (!options_.pin) {
      rename(found, repository, nullptr);
    } else if (is_repository_value(std::string_view(buffer_).substr(0, next_))) {
      rename(found, repository, "its tag stands elsewhere");
    } else if (const auto latest = repository.tags.find("latest");
               latest != repository.tags.end()) {
      put(found, repository, latest->second);
    } else {
      leave(found, "has no tag, and latest is not in the map");
    }
  }

  void put(const FoundReference& found, const NewNames::Repository& repository,
           const NewNames::Tag& tag) {
    if (!tag.is_there) {
      leave(found, "failed when the map was made");
    } else if (options_.pin && tag.digest) {
      substitute(repository.name + "@" + *tag.digest, found.end);
    } else {
      rename(found, repository, "its digest is not in the map");
    }
  }

  /// Replaces the name and keeps the tag. `why` is why there is no digest.
  void rename(const FoundReference& found, const NewNames::Repository& repository,
              const char* why) {
    if (options_.pin && why != nullptr) {
      ++summary_.not_pinned;
      remark(found, std::string("is not pinned: ") + why, /*is_replaced=*/true);
    }
    substitute(repository.name, found.name_end);
  }

  /// Writes `text` instead of the next `size` bytes.
  void substitute(const std::string& text, std::size_t size) {
    ++summary_.replaced;
    write(next_);
    out_.write(as_bytes(text));
    count_lines(written_, next_ + size);
    written_ = next_ + size;
  }

  void leave(const FoundReference& found, const std::string& why) {
    ++summary_.left;
    remark(found, why, /*is_replaced=*/false);
  }

  void remark(const FoundReference& found, std::string why, bool is_replaced) {
    write(next_);
    on_remark_({line_, buffer_.substr(next_, found.end), std::move(why), is_replaced});
  }

  /// Copies what is not written yet.
  void write(std::size_t end) {
    if (end > written_) {
      out_.write(as_bytes(std::string_view(buffer_).substr(written_, end - written_)));
      count_lines(written_, end);
      written_ = end;
    }
  }

  void count_lines(std::size_t begin, std::size_t end) {
    const auto at = [&](std::size_t i) {
      return buffer_.begin() + static_cast<std::string::difference_type>(i);
    };
    line_ += static_cast<std::size_t>(std::count(at(begin), at(end), '\n'));
  }

  const NewNames& names_;
  const RewriteOptions& options_;
  Sink& out_;
  const OnRemark& on_remark_;
  std::vector<std::string> hosts_;
  std::array<bool, 256> begins_{}; ///< whether a host begins with this character
  std::string buffer_;             ///< what is not written yet, and some bytes before it
  std::size_t written_ = 0;        ///< up to here
  std::size_t next_ = 0;           ///< the position to look at
  bool is_at_begin_ = true;        ///< the buffer begins where the text does
  std::size_t line_ = 1;           ///< of `written_`
  RewriteSummary summary_;
};

} // namespace

RewriteSummary rewrite_references(const std::string& file, const RewriteOptions& options,
                                  Source& text, Sink& out,
                                  const std::function<void(const RemarkedReference&)>& on_remark) {
  const NewNames names(file, options.old_hosts, options.new_host);
  return Rewriter(names, options, out, on_remark).run(text);
}

} // namespace regctl::ops
