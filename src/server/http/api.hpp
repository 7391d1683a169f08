// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/http/message.hpp"

#include <memory>
#include <string_view>

namespace regctl::server {

/// The requests of one protocol, behind the router. Thread-safe.
class Api {
public:
  virtual ~Api() = default;

  /// Whether a decoded path belongs to this API, even if it has no route.
  [[nodiscard]] virtual bool has(std::string_view path) const noexcept = 0;

  /// The name of a path's route for metrics: a literal, "none" if there is no route.
  [[nodiscard]] virtual std::string_view route(std::string_view path) const = 0;

  /// The same as in Application.
  virtual std::unique_ptr<Handler> begin(const Request& request) = 0;
  virtual Response explain(const Error& error) noexcept = 0;
};

} // namespace regctl::server
