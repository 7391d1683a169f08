// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/places/side.hpp"

#include <regctl/ops/places/difference.hpp>
#include <regctl/ops/places/scope.hpp>
#include <regctl/ops/session.hpp>

#include <cstddef>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace regctl::ops {

/// One tag in the listings of both sides.
struct PairedTag {
  bool is_at_a = false;
  bool is_at_b = false;
  std::optional<std::string> a; ///< the image's ID; nothing for an unreadable tag
  std::optional<std::string> b;
};

/// Nothing if both sides have the tag and it names the same image.
std::optional<Difference> find_difference(const PairedTag& tag);

/// One repository with the tags that the scope selects.
struct PairedRepository {
  std::string name; ///< at A, or the name it would have there
  std::string name_at_b;
  std::map<std::string, PairedTag> tags;
  std::exception_ptr problem; ///< why the tags could not be read; null if they could
};

/// The repositories of a scope, with those of B beside those of A. Not thread-safe.
class Pairing {
public:
  /// Opens and lists both sides. If one side cannot be listed, the other side's names are used for
  /// both, and a note says so. Throws as diff() does.
  Pairing(Session& session, const Scope& scope);

  /// The next repositories in the order of their names, at most k_at_once, with their tags, which
  /// are read in parallel; empty at the end. Reports to the progress how many are done, and at the
  /// end which repositories of a side have no tags.
  std::vector<PairedRepository> next();

  [[nodiscard]] Side& a() noexcept { return *a_; }
  /// Null if the scope has no B.
  [[nodiscard]] Side* b() noexcept { return b_.get(); }

  static constexpr std::size_t k_at_once = 64;

private:
  void read_tags(PairedRepository& repository);
  void note_tagless();

  Session& session_;
  const Scope& scope_; // must outlive this
  std::unique_ptr<Side> a_;
  std::unique_ptr<Side> b_;
  std::vector<std::string> names_; // at A, sorted
  std::size_t next_ = 0;
  std::mutex mutex_; ///< guards the members below
  std::set<std::string> tagless_at_a_;
  std::set<std::string> tagless_at_b_;
};

} // namespace regctl::ops
