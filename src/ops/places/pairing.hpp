// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/places/side.hpp"

#include <regctl/ops/diff.hpp>
#include <regctl/ops/scope.hpp>
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

/// One tag as both sides list it.
struct PairedTag {
  bool is_at_a = false;
  bool is_at_b = false;
  std::optional<std::string> a; ///< the image's ID; nothing for a tag that cannot be read
  std::optional<std::string> b;
};

/// Nothing if both sides have the tag and it names one image.
std::optional<Difference> find_difference(const PairedTag& tag);

/// One repository with its tags, filtered.
struct PairedRepository {
  std::string name; ///< at A, or that it would have there
  std::string name_at_b;
  std::map<std::string, PairedTag> tags;
  std::exception_ptr problem; ///< why the tags could not be read; null if they were
};

/// The repositories of a scope, those of both sides side by side. Not thread-safe.
class Pairing {
public:
  /// Opens and lists both sides. Where one cannot be listed, the other one's names are taken, and a
  /// note says so. Throws as diff() does.
  Pairing(Session& session, const Scope& scope);

  /// The next ones, in the order of their names, with their tags, which are read in parallel; none
  /// at the end. At most k_at_once. The progress hears how many are done, and in the end which ones
  /// a side has without any tag.
  std::vector<PairedRepository> next();

  [[nodiscard]] Side& a() noexcept { return *a_; }
  /// Null if the scope has no B.
  [[nodiscard]] Side* b() noexcept { return b_.get(); }

  static constexpr std::size_t k_at_once = 64;

private:
  void read_tags(PairedRepository& repository);
  void note_tagless();

  Session& session_;
  const Scope& scope_; // which must outlive this
  std::unique_ptr<Side> a_;
  std::unique_ptr<Side> b_;
  std::vector<std::string> names_; // at A, sorted
  std::size_t next_ = 0;
  std::mutex mutex_; ///< guards what follows
  std::set<std::string> tagless_at_a_;
  std::set<std::string> tagless_at_b_;
};

} // namespace regctl::ops
