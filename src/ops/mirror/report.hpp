// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/map/map_writer.hpp"

#include <regctl/base/file.hpp>
#include <regctl/base/json_fwd.hpp>
#include <regctl/base/limited_map.hpp>
#include <regctl/ops/mirror/mirror.hpp>
#include <regctl/ops/mirror/summary.hpp>
#include <regctl/ops/progress.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

namespace regctl::ops::mirror {

/// Whether the images of a mirror change their model.
enum class Conversion {
  none,
  v1_to_oci, ///< its tags are in the map
  oci_to_v1,
};

/// Collects a run's results: counts them, writes them to files, passes them on for display, and
/// notes failures. Thread-safe.
class Report {
public:
  /// Opens the files, so that an unwritable one fails before any work is done.
  Report(const ReportFiles& files, Progress& progress, MirrorListener listener);
  ~Report();
  Report(const Report&) = delete;
  Report& operator=(const Report&) = delete;

  /// The mirror that the records are about.
  struct Mirror {
    std::string from; ///< Endpoint::to_string()
    std::string to;
    bool is_ruled = false;  ///< Rules::shape_repositories()
    bool has_rules = false; ///< MirrorJob::has_rules()
    Conversion conversion = Conversion::none;
  };

  /// Begins a mirror with this many repositories. All records that follow are about it.
  void begin(Mirror mirror, std::uint64_t repositories);

  /// A repository was listed: adds this many tags, without those that the rules exclude.
  void expect_tags(std::uint64_t number);
  /// Takes off tags that the rules exclude after all.
  void drop_tags(std::uint64_t number);

  void add(const TagResult& result);

  /// A repository could not be listed. A null `problem` means that the run was stopped before it.
  void add_repository(const std::string& source_name, const std::exception_ptr& problem);
  /// A repository is finished.
  void count_repository();

  /// For a plan: bytes that tags share, and requests that belong to no single tag.
  void count_plan(std::uint64_t bytes_shared, std::uint64_t requests);

  /// A whole job could not begin. A null `problem` means that the run was stopped before it.
  void add_mirror(const Mirror& mirror, const std::exception_ptr& problem);
  /// The run leaves tags out that its mirrors have, so that the map keeps its lines of those.
  void looks_at_a_part();
  /// The run was stopped.
  void interrupt();
  [[nodiscard]] bool has_failures();
  /// How often begin() was called.
  [[nodiscard]] std::uint64_t mirrors_begun();

  /// Writes the summary and closes the files. A write error (a full disk) does not end a run; the
  /// first one is in the summary.
  Summary finish();

private:
  class Lines;

  void write_record(const std::function<Json()>& make, bool is_failure);
  void write(Lines* lines, const std::string& text);
  void try_to_write(const std::function<void()>& write);
  void map(const TagResult& result);
  void finish_map();
  [[nodiscard]] bool has_seen_all() const;
  void count(const TagResult& result);
  void count_planned(const TagResult& result);
  void count_failure(const std::exception_ptr& problem);
  void note_failure(const std::string& what, const std::exception_ptr& problem);
  void note_hint(const std::string& hint);
  void note_alike();
  [[nodiscard]] double share_over() const;
  void tell();

  Progress& progress_;
  MirrorListener listener_;
  std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
  std::mutex mutex_; ///< guards the members below
  Mirror mirror_;
  std::uint64_t mirrors_begun_ = 0;
  std::uint64_t repositories_ahead_ = 0;
  std::uint64_t repositories_listed_ = 0; ///< or failed
  std::uint64_t tags_ahead_ = 0;
  std::uint64_t tags_over_ = 0;
  std::unique_ptr<Lines> report_;
  std::unique_ptr<Lines> failures_;
  std::unique_ptr<AtomicFile> plan_;
  std::unique_ptr<MapWriter> map_;
  bool is_map_whole_ = true;
  bool is_part_ = false; ///< looks_at_a_part()
  bool is_plan_whole_ = true;
  std::string noted_message_;  ///< of the last failure
  std::uint64_t alike_ = 0;    ///< further failures with the same message
  std::string names_alike_;    ///< the names of the first of those
  LimitedSet told_hints_{100}; ///< recent ones only, since each may name its tag
  Summary summary_;
};

} // namespace regctl::ops::mirror
