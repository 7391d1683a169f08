// SPDX-License-Identifier: Apache-2.0
#include "server/metrics.hpp"

#include <array>
#include <sstream>
#include <string_view>

namespace regctl::server {

namespace {

/// Unknown methods share one label: clients must not be able to create series.
std::string known_method(const std::string& method) {
  for (const std::string_view known : {"GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS"}) {
    if (method == known) {
      return method;
    }
  }
  return "other";
}

void print_one(std::ostream& out, const char* name, const char* type, const char* help,
               double value) {
  out << "# HELP " << name << ' ' << help << "\n# TYPE " << name << ' ' << type << '\n'
      << name << ' ' << value << '\n';
}

} // namespace

void Metrics::count(std::string_view route, const std::string& method, int status,
                    std::uint64_t sent_bytes, std::uint64_t received_bytes, double seconds) {
  const std::lock_guard lock(mutex_);
  ++requests_[{route, known_method(method), status}];
  sent_bytes_ += sent_bytes;
  received_bytes_ += received_bytes;
  seconds_ += seconds;
}

std::string Metrics::print(const Gauges& gauges) const {
  std::ostringstream out;
  out.precision(17);
  out << "# HELP regctl_http_requests_total Requests by route, method and status; status 0 was "
         "cut before an answer.\n# TYPE regctl_http_requests_total counter\n";
  const std::lock_guard lock(mutex_);
  for (const auto& [key, count] : requests_) {
    out << "regctl_http_requests_total{route=\"" << key.route << "\",method=\"" << key.method
        << "\",status=\"" << key.status << "\"} " << count << '\n';
  }
  print_one(out, "regctl_http_sent_bytes_total", "counter", "Bytes of bodies sent.",
            static_cast<double>(sent_bytes_));
  print_one(out, "regctl_http_received_bytes_total", "counter", "Bytes of bodies received.",
            static_cast<double>(received_bytes_));
  print_one(out, "regctl_http_request_seconds_total", "counter", "Time spent on requests.",
            seconds_);
  print_one(out, "regctl_open_connections", "gauge", "Connections open now.",
            static_cast<double>(gauges.open_connections));
  print_one(out, "regctl_repositories", "gauge", "Repositories in the storage tree.",
            static_cast<double>(gauges.repositories));
  print_one(out, "regctl_tags", "gauge", "Tags in the storage tree.",
            static_cast<double>(gauges.tags));
  print_one(out, "regctl_images", "gauge", "Images in the storage tree.",
            static_cast<double>(gauges.images));
  return out.str();
}

} // namespace regctl::server
