// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/http/access_log.hpp"
#include "server/http/api.hpp"
#include "server/http/own_names.hpp"
#include "server/metrics.hpp"

#include <string_view>
#include <vector>

namespace regctl::server {

/// Passes each request to the API that has its path. Refuses requests for other servers' names.
/// Counts and logs finished requests. Thread-safe.
class Router final : public Application {
public:
  /// `apis`, at least one, are asked in this order; the first one answers for unknown paths. All
  /// arguments must outlive this.
  Router(std::vector<Api*> apis, const OwnNames& names, Metrics& metrics, AccessLog& log)
      : apis_(std::move(apis)), names_(names), metrics_(metrics), log_(log) {}

  std::unique_ptr<Handler> begin(const Request& request) override;
  Response explain(const Request& request, const Error& error) noexcept override;
  void done(const Request& request, int status, std::uint64_t sent_bytes,
            std::uint64_t received_bytes, double seconds) noexcept override;

private:
  [[nodiscard]] Api& api_of(std::string_view path) const noexcept;

  std::vector<Api*> apis_;
  const OwnNames& names_;
  Metrics& metrics_;
  AccessLog& log_;
};

} // namespace regctl::server
