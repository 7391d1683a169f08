// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace regctl::server {

/// Throws Error{usage} for what is no "ADDRESS:PORT" to listen on; a name in it is not looked up.
void check_listen_address(const std::string& address);

/// Serves one page of plain text over HTTP until it is destroyed: what a monitor reads.
class PageServer {
public:
  /// Listens on "ADDRESS:PORT" (":PORT" for everywhere, port 0 for a free one). `text` makes the
  /// page at each request, on any thread. Throws Error{usage} for what is no address,
  /// Error{unavailable} if it is taken.
  PageServer(const std::string& address, std::string path, std::function<std::string()> text);
  ~PageServer();

  [[nodiscard]] std::uint16_t port() const;

private:
  class State;
  std::unique_ptr<State> state_;
};

} // namespace regctl::server
