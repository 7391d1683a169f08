// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/http/message.hpp"

#include <memory>
#include <string_view>

namespace regctl::server {

/// All that one protocol can be asked, behind the router. Thread-safe.
class Api {
public:
  virtual ~Api() = default;

  /// Whether a decoded path belongs to this API, be there a route or not.
  [[nodiscard]] virtual bool has(std::string_view path) const noexcept = 0;

  /// The name of a path's route, as metrics tell it: a literal, "none" where there is no route.
  [[nodiscard]] virtual std::string_view route(std::string_view path) const = 0;

  /// As Application has them.
  virtual std::unique_ptr<Handler> begin(const Request& request) = 0;
  virtual Response explain(const Error& error) noexcept = 0;
};

} // namespace regctl::server
