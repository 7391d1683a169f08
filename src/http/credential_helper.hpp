// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/program.hpp>
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

  /// The credential for a server; nothing if the helper has none.
  std::optional<Credential> get(const std::string& server) const;
  void store(const std::string& server, const Credential& credential) const;
  void erase(const std::string& server) const;

  /// Throws Error{denied} "credential helper PROGRAM ACTION: WHY".
  [[noreturn]] void fail(const std::string& action, const std::string& why) const;

private:
  [[nodiscard]] ProgramResult run(const std::string& action, const std::string& input) const;

  std::string program_;
};

/// Reads the output of the helper's `get`; nothing if it has no credential. Throws Error{denied}
/// naming the helper if it failed or printed something else. No error quotes the secret.
std::optional<Credential> read_helper_output(const ProgramResult& result,
                                             const CredentialHelper& helper);

} // namespace regctl::http
