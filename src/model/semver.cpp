// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/text.hpp>
#include <regctl/base/whole_number.hpp>
#include <regctl/model/semver.hpp>

#include <algorithm>
#include <array>

namespace regctl {

namespace {

constexpr std::uint64_t k_number_limit = 1'000'000'000'000'000'000; // leaves room to add one

/// A version with only its first `count` numbers: "1.2", "1.x".
struct Partial {
  std::array<std::uint64_t, 3> numbers = {};
  std::size_t count = 0;
  bool has_wildcard = false;
  std::vector<std::string> prerelease;
};

enum class Wildcards { refused, taken };

/// Numeric identifiers are below others. They are compared as numbers of any length.
std::strong_ordering compare_identifiers(std::string_view a, std::string_view b) {
  if (is_all_digits(a) != is_all_digits(b)) {
    return is_all_digits(a) ? std::strong_ordering::less : std::strong_ordering::greater;
  }
  if (is_all_digits(a)) {
    a.remove_prefix(std::min(a.find_first_not_of('0'), a.size()));
    b.remove_prefix(std::min(b.find_first_not_of('0'), b.size()));
    if (a.size() != b.size()) {
      return a.size() <=> b.size();
    }
  }
  return a <=> b;
}

/// Takes the identifiers from `separator` on off the end of `text`; dots separate them. False if
/// one is malformed.
bool take_identifiers(std::string_view& text, char separator, std::vector<std::string>& into) {
  const auto at = text.find(separator);
  if (at == std::string_view::npos) {
    return true;
  }
  for (const auto part : split(text.substr(at + 1), '.')) {
    const bool is_identifier = std::all_of(part.begin(), part.end(), [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
    });
    if (part.empty() || !is_identifier) {
      return false;
    }
    into.emplace_back(part);
  }
  text = text.substr(0, at);
  return true;
}

bool add_number(std::string_view text, Wildcards wildcards, Partial& partial) {
  if (wildcards == Wildcards::taken && (text == "x" || text == "X" || text == "*")) {
    partial.has_wildcard = true;
    return true;
  }
  const auto number = parse_whole_number<std::uint64_t>(text);
  if (partial.has_wildcard || !number || *number >= k_number_limit) {
    return false;
  }
  partial.numbers[partial.count++] = *number;
  return true;
}

std::optional<Partial> parse_partial(std::string_view text, Wildcards wildcards) {
  if (text.starts_with('v')) {
    text.remove_prefix(1);
  }
  Partial partial;
  std::vector<std::string> build;
  if (!take_identifiers(text, '+', build) || !take_identifiers(text, '-', partial.prerelease)) {
    return std::nullopt;
  }
  const auto numbers = split(text, '.');
  if (numbers.size() > partial.numbers.size()) {
    return std::nullopt;
  }
  for (const auto number : numbers) {
    if (!add_number(number, wildcards, partial)) {
      return std::nullopt;
    }
  }
  return partial;
}

Semver fill(const Partial& partial) {
  return {partial.numbers[0], partial.numbers[1], partial.numbers[2], partial.prerelease};
}

/// The lowest of all versions with the number at `place` increased by one: "1.3.0-0" for place 1 of
/// 1.2.3. No version lies between the 1.2 versions and it.
Semver next(const Partial& partial, std::size_t place) {
  auto numbers = partial.numbers;
  ++numbers[place];
  std::fill(numbers.begin() + static_cast<std::ptrdiff_t>(place) + 1, numbers.end(), 0);
  return {numbers[0], numbers[1], numbers[2], {"0"}};
}

} // namespace

std::string Semver::to_string() const {
  auto text = std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
  for (std::size_t i = 0; i < prerelease.size(); ++i) {
    text += (i == 0 ? "-" : ".") + prerelease[i];
  }
  return text;
}

std::strong_ordering Semver::operator<=>(const Semver& other) const {
  const auto mine = std::array{major, minor, patch};
  const auto others = std::array{other.major, other.minor, other.patch};
  if (const auto order = mine <=> others; order != 0) {
    return order;
  }
  if (is_prerelease() != other.is_prerelease()) {
    return is_prerelease() ? std::strong_ordering::less : std::strong_ordering::greater;
  }
  return std::lexicographical_compare_three_way(prerelease.begin(), prerelease.end(),
                                                other.prerelease.begin(), other.prerelease.end(),
                                                compare_identifiers);
}

std::optional<Semver> parse_semver(std::string_view tag) {
  const auto partial = parse_partial(tag, Wildcards::refused);
  return partial ? std::optional(fill(*partial)) : std::nullopt;
}

/// Turns every condition into an interval, closed below and open above. "-0" is the lowest
/// prerelease.
class SemverRange::Parser {
public:
  explicit Parser(std::string_view text) : text_(text) {}

  std::vector<Alternative> parse() const {
    std::vector<Alternative> alternatives;
    for (std::size_t begin = 0; begin <= text_.size();) {
      const auto end = std::min(text_.find("||", begin), text_.size());
      alternatives.push_back(parse_alternative(text_.substr(begin, end - begin)));
      begin = end + 2;
    }
    return alternatives;
  }

private:
  [[noreturn]] void bad(const std::string& why) const {
    throw Error(ErrorKind::usage, "'" + std::string(text_) + "' is not a range of versions: " + why,
                "write for example '^1.2', '>=1.0 <2' or '1.x || 2.x'");
  }

  [[nodiscard]] Partial version(std::string_view text) const {
    auto partial = parse_partial(text, Wildcards::taken);
    if (!partial) {
      bad(text.empty() ? "a version is missing" : "'" + std::string(text) + "' is not a version");
    }
    // "1.2-0" is 1.2.0-0. Only with a wildcard ("1.2.x-0") does it stand for any 1.2.
    if (!partial->prerelease.empty() && !partial->has_wildcard) {
      partial->count = partial->numbers.size();
    }
    return *partial;
  }

  [[nodiscard]] Alternative parse_alternative(std::string_view text) const {
    const auto words = split_words(text);
    if (words.empty()) {
      bad("an alternative is empty ('*' is any version)");
    }
    Alternative alternative;
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (i + 2 < words.size() && words[i + 1] == "-") {
        const auto first = version(words[i]);
        const auto last = version(words[i + 2]);
        add({begin_of(first), end_of(last)}, first, alternative);
        alternative.takes_prereleases |= !last.prerelease.empty();
        i += 2;
      } else {
        add_condition(words[i], alternative);
      }
    }
    return alternative;
  }

  /// An operator that stands alone belongs to the next word: ">= 1.2".
  static std::vector<std::string> split_words(std::string_view text) {
    constexpr std::string_view k_separators = " \t,";
    std::vector<std::string> words;
    for (std::size_t begin = text.find_first_not_of(k_separators);
         begin != std::string_view::npos;) {
      const auto end = std::min(text.find_first_of(k_separators, begin), text.size());
      const auto word = text.substr(begin, end - begin);
      if (!words.empty() && words.back().find_first_not_of(k_operators) == std::string::npos) {
        words.back() += word;
      } else {
        words.emplace_back(word);
      }
      begin = text.find_first_not_of(k_separators, end);
    }
    return words;
  }

  void add_condition(const std::string& word, Alternative& alternative) const {
    const auto end = std::min(word.find_first_not_of(k_operators), word.size());
    const auto sign = word.substr(0, end);
    const auto partial = version(std::string_view(word).substr(end));
    const Semver lowest{0, 0, 0, {"0"}};
    if (sign.empty() || sign == "=" || sign == "==") {
      add({begin_of(partial), end_of(partial)}, partial, alternative);
    } else if (sign == "!=") {
      add({begin_of(partial), end_of(partial), true}, partial, alternative);
    } else if (sign == ">") {
      const auto above = end_of(partial);
      add(above ? Interval{above, {}} : Interval{{}, lowest}, partial, alternative);
    } else if (sign == ">=" || sign == "=>") {
      add({begin_of(partial), {}}, partial, alternative);
    } else if (sign == "<") {
      add({{}, below(partial)}, partial, alternative);
    } else if (sign == "<=" || sign == "=<") {
      add({{}, end_of(partial)}, partial, alternative);
    } else if (sign == "~" || sign == "~>") {
      add({begin_of(partial), end_of(partial, 2)}, partial, alternative);
    } else if (sign == "^") {
      add({begin_of(partial), end_of_compatible(partial)}, partial, alternative);
    } else {
      bad("'" + sign + "' is not an operator");
    }
  }

  static void add(Interval interval, const Partial& version, Alternative& alternative) {
    alternative.intervals.push_back(std::move(interval));
    alternative.takes_prereleases |= !version.prerelease.empty();
  }

  static std::optional<Semver> begin_of(const Partial& partial) {
    const bool is_any = partial.count == 0 && partial.prerelease.empty();
    return is_any ? std::nullopt : std::optional(fill(partial));
  }

  /// The first version after those that begin with the given numbers, of which at most `count` are
  /// used.
  static std::optional<Semver> end_of(const Partial& partial, std::size_t count = 3) {
    count = std::min(count, partial.count);
    if (count == 0) {
      return std::nullopt;
    }
    if (count == 3 && !partial.prerelease.empty()) {
      auto following = fill(partial);
      following.prerelease.emplace_back("0"); // no version lies between rc.1 and rc.1.0
      return following;
    }
    return next(partial, count - 1);
  }

  /// The first number that is not 0 may not change.
  static std::optional<Semver> end_of_compatible(const Partial& partial) {
    std::size_t place = 0;
    while (place + 1 < partial.count && partial.numbers[place] == 0) {
      ++place;
    }
    return partial.count == 0 ? std::nullopt : std::optional(next(partial, place));
  }

  static Semver below(const Partial& partial) {
    auto end = fill(partial);
    if (end.prerelease.empty()) {
      end.prerelease.emplace_back("0"); // "<2" is not meant to contain 2.0.0-rc.1
    }
    return end;
  }

  static constexpr std::string_view k_operators = "<>=!~^";

  std::string_view text_;
};

SemverRange SemverRange::parse(std::string_view text) {
  SemverRange range;
  range.text_ = text;
  range.alternatives_ = Parser(text).parse();
  return range;
}

bool SemverRange::Interval::allows(const Semver& version) const {
  const bool is_inside = !(begin && version < *begin) && !(end && version >= *end);
  return is_inside != is_excluded;
}

bool SemverRange::contains(const Semver& version) const {
  return std::any_of(alternatives_.begin(), alternatives_.end(), [&](const Alternative& one) {
    return (one.takes_prereleases || !version.is_prerelease()) &&
           std::all_of(one.intervals.begin(), one.intervals.end(),
                       [&](const Interval& interval) { return interval.allows(version); });
  });
}

} // namespace regctl
