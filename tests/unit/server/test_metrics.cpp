// SPDX-License-Identifier: Apache-2.0
#include "server/metrics.hpp"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

using namespace regctl::server;

namespace {

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

} // namespace

TEST_SUITE_BEGIN("server/metrics");

TEST_CASE("requests are counted by route, method and status") {
  Metrics metrics;
  metrics.count("image_layer", "GET", 200, 1000, 0, 0.5);
  metrics.count("image_layer", "GET", 200, 24, 0, 0.25);
  metrics.count("image_layer", "PUT", 200, 4, 5'000'000'000, 1);
  metrics.count("none", "BREW \"\n", 404, 0, 0, 0);
  metrics.count("ping", "GET", 0, 0, 0, 0);
  const auto text = metrics.print({3, 4, 5, 6});
  for (const auto* line : {
           "regctl_http_requests_total{route=\"image_layer\",method=\"GET\",status=\"200\"} 2",
           "regctl_http_requests_total{route=\"image_layer\",method=\"PUT\",status=\"200\"} 1",
           "regctl_http_requests_total{route=\"none\",method=\"other\",status=\"404\"} 1",
           "regctl_http_requests_total{route=\"ping\",method=\"GET\",status=\"0\"} 1",
           "regctl_http_sent_bytes_total 1028",
           "regctl_http_received_bytes_total 5000000000",
           "regctl_http_request_seconds_total 1.75",
           "regctl_open_connections 3",
           "regctl_repositories 4",
           "regctl_tags 5",
           "regctl_images 6",
           "# TYPE regctl_http_requests_total counter",
           "# TYPE regctl_open_connections gauge",
       }) {
    CAPTURE(line);
    CHECK(has_line(text, line));
  }
  CHECK(text.back() == '\n');
}

TEST_CASE("no request is lost between threads") {
  Metrics metrics;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 1000; ++n) {
        metrics.count("ping", "GET", 200, 1, 1, 0);
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  CHECK(has_line(metrics.print({}),
                 "regctl_http_requests_total{route=\"ping\",method=\"GET\",status=\"200\"} 4000"));
}
