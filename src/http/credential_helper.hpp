// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/http/credentials.hpp>

#include <optional>
#include <string>

namespace regctl::http {

/// docker-credential-NAME, run without a shell. Throws Error{denied} naming the helper if it cannot
/// be run or fails. Source: docker-credential-helpers, protocol of `get`, `store` and `erase`.
class CredentialHelper {
public:
  explicit CredentialHelper(std::string name) : program_("docker-credential-" + std::move(name)) {}

  [[nodiscard]] const std::string& program() const noexcept { return program_; }

  /// Nothing if the helper knows none for this server.
  std::optional<Credential> get(const std::string& server) const;
  void store(const std::string& server, const Credential& credential) const;
  void erase(const std::string& server) const;

private:
  struct Output;
  [[nodiscard]] Output run(const std::string& action, const std::string& input) const;
  [[noreturn]] void fail(const std::string& action, const std::string& why) const;

  std::string program_;
};

} // namespace regctl::http
