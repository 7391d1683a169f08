// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regctl {

/// A semantic version. Order and equality follow the specification's precedence: a prerelease is
/// below its release. Build metadata ("+5") has no precedence and is not kept. Source: semver.org
/// 2.0.0, sections 9 to 11.
struct Semver {
  std::uint64_t major = 0;
  std::uint64_t minor = 0;
  std::uint64_t patch = 0;
  std::vector<std::string> prerelease; ///< the identifiers of "-rc.1": "rc", "1"

  [[nodiscard]] bool is_prerelease() const noexcept { return !prerelease.empty(); }

  /// "1.2.0-rc.1".
  [[nodiscard]] std::string to_string() const;

  std::strong_ordering operator<=>(const Semver& other) const;
  bool operator==(const Semver& other) const { return std::is_eq(*this <=> other); }
};

/// The version that a tag names. Tags are read leniently: "v" may precede the version, minor and
/// patch may be missing, numbers may have leading zeros ("20.04"). "1.2-alpine" is a prerelease of
/// 1.2.0. Nothing for any other tag: "latest", "1.2.3.4".
std::optional<Semver> parse_semver(std::string_view tag);

/// A set of versions in the notation of npm and Masterminds/semver (Helm, Flux). Alternatives are
/// separated by "||". An alternative is a list of conditions that must all hold, separated by
/// spaces or commas:
///
/// - `1.2.3`, `=1.2.3`: this version; `!=1.2.3`: any other one;
/// - `>1.2`, `>=1.2`, `<2`, `<=2`: above or below; "<=2" contains 2.9, ">1.2" does not contain
///   1.2.5;
/// - `1.2`, `1.2.x`, `1.*`, `*`: any version that begins so;
/// - `1.2 - 1.4`: from 1.2.0 to below 1.5.0;
/// - `~1.2.3`: from 1.2.3 to below 1.3.0; `~1`: from 1.0.0 to below 2.0.0;
/// - `^1.2.3`: from 1.2.3 to below 2.0.0; `^0.2.3`: from 0.2.3 to below 0.3.0.
///
/// An alternative contains prereleases only if it names one: ">=1.2" does not contain 1.3.0-rc.1,
/// ">=1.2-0" does. A prerelease of a range's upper bound ("2.0.0-rc.1" for "<2" or "^1") is never
/// contained.
class SemverRange {
public:
  /// Throws Error{usage} naming `text` and the condition that is wrong.
  static SemverRange parse(std::string_view text);

  [[nodiscard]] bool contains(const Semver& version) const;

  /// The text that parse() took.
  [[nodiscard]] const std::string& to_string() const noexcept { return text_; }

  bool operator==(const SemverRange& other) const noexcept { return text_ == other.text_; }

private:
  /// The versions from `begin` to below `end`; an absent bound means no limit on that side.
  struct Interval {
    std::optional<Semver> begin;
    std::optional<Semver> end;
    bool is_excluded = false; ///< "!=": all versions outside the interval

    [[nodiscard]] bool allows(const Semver& version) const;
  };
  struct Alternative {
    std::vector<Interval> intervals;
    bool takes_prereleases = false;
  };
  class Parser;

  std::string text_;
  std::vector<Alternative> alternatives_;
};

} // namespace regctl
