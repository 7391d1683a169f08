// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace regctl::server {

/// Throws Error{usage} for a malformed "ADDRESS:PORT". A host name in it is not looked up.
void check_listen_address(const std::string& address);

/// Serves one page of plain text over HTTP until destruction, for a monitoring system.
class PageServer {
public:
  /// Listens on "ADDRESS:PORT" (":PORT" for all addresses, port 0 for a free port). `text` makes
  /// the page at each request, on any thread. Throws Error{usage} for a malformed address,
  /// Error{unavailable} for one in use.
  PageServer(const std::string& address, std::string path, std::function<std::string()> text);
  ~PageServer();
  PageServer(const PageServer&) = delete;
  PageServer& operator=(const PageServer&) = delete;

  [[nodiscard]] std::uint16_t port() const;

private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

} // namespace regctl::server
