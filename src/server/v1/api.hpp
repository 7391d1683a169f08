// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/http/access_log.hpp"
#include "server/http/message.hpp"
#include "server/metrics.hpp"
#include "server/v1/service.hpp"

namespace regctl::server {

/// Protocol v1: finds the route of a request, lets in who may, and turns errors into answers.
class Api final : public Application {
public:
  /// The arguments must outlive this.
  Api(Service& service, Metrics& metrics, AccessLog& log)
      : service_(service), metrics_(metrics), log_(log) {}

  std::unique_ptr<Handler> begin(const Request& request) override;
  Response explain(const Error& error) noexcept override;
  void done(const Request& request, int status, std::uint64_t sent_bytes,
            std::uint64_t received_bytes, double seconds) noexcept override;

private:
  Service& service_;
  Metrics& metrics_;
  AccessLog& log_;
};

} // namespace regctl::server
