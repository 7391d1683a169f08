// SPDX-License-Identifier: Apache-2.0
#include "cli/mirror_metrics.hpp"

#include <array>
#include <string_view>

namespace regctl::cli {

namespace {

/// One metric without labels.
std::string metric(std::string_view name, std::string_view type, std::string_view help,
                   const std::string& value) {
  const auto full = "regctl_mirror_" + std::string(name);
  return "# HELP " + full + " " + std::string(help) + "\n# TYPE " + full + " " + std::string(type) +
         "\n" + full + " " + value + "\n";
}

std::string seconds(std::chrono::milliseconds time) {
  const auto rest = std::to_string(time.count() % 1000);
  return std::to_string(time.count() / 1000) + "." + std::string(3 - rest.size(), '0') + rest;
}

struct Count {
  const char* outcome;
  std::uint64_t number;
};

template <std::size_t N>
std::string by_outcome(std::string_view name, std::string_view help,
                       const std::array<Count, N>& counts) {
  const auto full = "regctl_mirror_" + std::string(name);
  auto text = "# HELP " + full + " " + std::string(help) + "\n# TYPE " + full + " gauge\n";
  for (const auto& count : counts) {
    text += full + "{outcome=\"" + count.outcome + "\"} " + std::to_string(count.number) + "\n";
  }
  return text;
}

} // namespace

void MirrorMetrics::add(const ops::mirror::Summary& summary, bool is_good,
                        std::chrono::system_clock::time_point now) {
  const auto now_s =
      std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  const std::lock_guard lock(mutex_);
  ++passes_;
  passes_failed_ += is_good ? 0 : 1;
  images_ += summary.images_moved;
  bytes_ += summary.bytes;
  last_pass_s_ = now_s;
  last_success_s_ = is_good ? now_s : last_success_s_;
  last_ = summary;
}

bool MirrorMetrics::was_interrupted() const {
  const std::lock_guard lock(mutex_);
  return last_.is_interrupted;
}

std::string MirrorMetrics::print() const {
  const std::lock_guard lock(mutex_);
  const auto number = [](auto value) { return std::to_string(value); };
  return metric("passes_total", "counter", "Passes that have ended.", number(passes_)) +
         metric("passes_failed_total", "counter", "Passes in which something failed.",
                number(passes_failed_)) +
         metric("images_moved_total", "counter", "Images that have moved.", number(images_)) +
         metric("bytes_moved_total", "counter", "Bytes of layers that have moved.",
                number(bytes_)) +
         metric("last_pass_timestamp_seconds", "gauge", "When the last pass ended.",
                number(last_pass_s_)) +
         metric("last_success_timestamp_seconds", "gauge",
                "When the last pass without a failure ended; 0 for never.",
                number(last_success_s_)) +
         metric("last_pass_duration_seconds", "gauge", "How long the last pass took.",
                seconds(last_.time)) +
         by_outcome("tags", "Tags of the last pass.",
                    std::array<Count, 7>{{{"copied", last_.copied},
                                          {"updated", last_.updated},
                                          {"kept", last_.kept},
                                          {"deleted", last_.deleted},
                                          {"skipped", last_.skipped},
                                          {"failed", last_.failed},
                                          {"not done", last_.not_done}}}) +
         by_outcome("repositories", "Repositories of the last pass.",
                    std::array<Count, 3>{{{"done", last_.repositories},
                                          {"failed", last_.repositories_failed},
                                          {"not done", last_.repositories_not_done}}});
}

} // namespace regctl::cli
