// SPDX-License-Identifier: Apache-2.0
#include "cli/tally.hpp"

#include <regctl/model/v1/image.hpp>

#include <algorithm>
#include <utility>

namespace regctl::cli {

namespace {

constexpr std::chrono::seconds k_window{5};
constexpr std::chrono::milliseconds k_too_early{1000};

} // namespace

void RateMeter::look(ProgressClock::time_point now, std::uint64_t bytes) {
  if (!samples_.empty() && bytes < samples_.back().bytes) {
    samples_.clear();
  }
  samples_.push_back({now, bytes});
  while (samples_.size() > 2 && samples_[1].time <= now - k_window) {
    samples_.pop_front();
  }
}

std::optional<std::uint64_t> RateMeter::bytes_per_second() const {
  if (samples_.empty()) {
    return std::nullopt;
  }
  const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(samples_.back().time -
                                                                             samples_.front().time);
  if (elapsed < k_too_early) {
    return std::nullopt;
  }
  const auto bytes = samples_.back().bytes - samples_.front().bytes;
  return static_cast<std::uint64_t>(static_cast<double>(bytes) * 1000.0 /
                                    static_cast<double>(elapsed.count()));
}

void Tally::expect(std::uint64_t layers, const SizeSum& sizes) {
  layers_expected_ += layers;
  expected_.add(sizes);
}

ops::Progress::Task Tally::begin(const std::string& id, ops::Progress::Verb verb,
                                 std::optional<std::uint64_t> total_bytes,
                                 ProgressClock::time_point now) {
  Layer layer{short_id(id), verb, total_bytes, 0, {}};
  layer.rate.look(now, 0);
  if (next_ == 1) {
    rate_.look(now, 0);
  }
  layers_.emplace(next_, std::move(layer));
  return next_++;
}

void Tally::advance(ops::Progress::Task task, std::uint64_t bytes) {
  layers_[task].done_bytes += bytes;
}

void Tally::restart(ops::Progress::Task task) {
  layers_[task].done_bytes = 0;
}

Tally::Layer Tally::finish(ops::Progress::Task task) {
  auto layer = drop(task);
  ++layers_over_;
  bytes_over_ += layer.done_bytes;
  if (!layer.total_bytes) { // its size is known now; an unknown total stays unknown
    expected_.unknown -= expected_.unknown > 0 ? 1 : 0;
    expected_.bytes += expected_.bytes > 0 ? layer.done_bytes : 0;
  }
  return layer;
}

Tally::Layer Tally::drop(ops::Progress::Task task) {
  auto layer = layers_[task];
  layers_.erase(task);
  return layer;
}

void Tally::skip(std::optional<std::uint64_t> total_bytes) {
  ++layers_over_;
  expected_.bytes -= std::min(expected_.bytes, total_bytes.value_or(0));
  expected_.unknown -= !total_bytes && expected_.unknown > 0 ? 1 : 0;
}

void Tally::look(ProgressClock::time_point now) {
  for (auto& [task, layer] : layers_) {
    layer.rate.look(now, layer.done_bytes);
  }
  rate_.look(now, bytes_moved());
}

std::uint64_t Tally::layers_expected() const noexcept {
  return std::max(layers_expected_, layers_over_ + layers_.size());
}

std::uint64_t Tally::bytes_moved() const noexcept {
  auto bytes = bytes_over_;
  for (const auto& [task, layer] : layers_) {
    bytes += layer.done_bytes;
  }
  return bytes;
}

std::optional<std::uint64_t> Tally::bytes_expected() const noexcept {
  return expected_.bytes >= bytes_moved() && expected_.bytes > 0 ? std::optional(expected_.bytes)
                                                                 : std::nullopt;
}

} // namespace regctl::cli
