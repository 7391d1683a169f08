// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/http/api.hpp"

namespace regctl::server {

struct Service;

/// Protocol v1: finds the route of a request, checks access, and turns errors into answers.
class V1Api final : public Api {
public:
  /// `service` must outlive this.
  explicit V1Api(Service& service) : service_(service) {}

  [[nodiscard]] bool has(std::string_view path) const noexcept override;
  [[nodiscard]] std::string_view route(std::string_view path) const override;
  std::unique_ptr<Handler> begin(const Request& request) override;
  Response explain(const Error& error) noexcept override;

private:
  Service& service_;
};

} // namespace regctl::server
