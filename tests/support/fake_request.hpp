// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/http/message.hpp"

#include <map>
#include <string>
#include <utility>

namespace regctl::test {

/// A request as a test wants it. Names of headers are compared as they are written.
class FakeRequest final : public server::Request {
public:
  FakeRequest(std::string verb, std::string target, std::map<std::string, std::string> fields = {})
      : headers(std::move(fields)) {
    method = std::move(verb);
    path = std::move(target);
  }

  [[nodiscard]] std::optional<std::string> header(const char* name) const override {
    const auto found = headers.find(name);
    return found == headers.end() ? std::nullopt : std::optional(found->second);
  }
  [[nodiscard]] std::optional<std::string> query(const char*) const override { return {}; }
  [[nodiscard]] std::string peer() const override { return "127.0.0.1"; }
  [[nodiscard]] std::optional<std::uint64_t> body_bytes() const override { return 0; }
  [[nodiscard]] bool is_secure() const override { return false; }
  void check_wanted() const override {}

  std::map<std::string, std::string> headers;
};

} // namespace regctl::test
