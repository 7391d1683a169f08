// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace regctl::server {

/// Counts the requests since the start by route, method and status. Thread-safe.
class Metrics {
public:
  /// `route` must be a literal, since it is kept as a view: "image_layer".
  void count(std::string_view route, const std::string& method, int status,
             std::uint64_t sent_bytes, std::uint64_t received_bytes, double seconds);

  /// Values at the moment of printing.
  struct Gauges {
    std::size_t open_connections = 0;
    std::size_t repositories = 0;
    std::size_t tags = 0;
    std::size_t images = 0;
  };

  /// The metrics in Prometheus' text format, version 0.0.4.
  [[nodiscard]] std::string print(const Gauges& gauges) const;

private:
  struct Key {
    std::string_view route;
    std::string method;
    int status;
    auto operator<=>(const Key&) const = default;
  };
  mutable std::mutex mutex_; ///< guards the members below
  std::map<Key, std::uint64_t> requests_;
  std::uint64_t sent_bytes_ = 0;
  std::uint64_t received_bytes_ = 0;
  double seconds_ = 0;
};

} // namespace regctl::server
