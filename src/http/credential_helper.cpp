// SPDX-License-Identifier: Apache-2.0
#include "http/credential_helper.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/visible.hpp>

namespace regctl::http {

namespace {

/// The output of a helper without a credential, which then ends with status 1. Part of the
/// protocol.
constexpr std::string_view k_nothing_known = "credentials not found";

} // namespace

std::optional<Credential> read_helper_output(const ProgramResult& result,
                                             const CredentialHelper& helper) {
  if (result.output.find(k_nothing_known) != std::string::npos) {
    return std::nullopt;
  }
  if (result.exit_code != 0) {
    helper.fail("get",
                "ended with " + std::to_string(result.exit_code) + ": " +
                    excerpt(std::string_view(result.output).substr(0, result.output.find('\n'))));
  }
  const auto document = find_json(result.output); // the parser's own message would quote the secret
  if (!document) {
    helper.fail("get", "its output is not JSON");
  }
  Credential credential;
  credential.username = optional_string(*document, "Username").value_or("");
  const Secret secret(optional_string(*document, "Secret").value_or(""));
  // The protocol's user name for a secret that is an identity token.
  const bool is_token = credential.username == "<token>";
  (is_token ? credential.identity_token : credential.password) = secret;
  credential.origin = helper.program();
  if (secret.empty()) {
    return std::nullopt;
  }
  return credential;
}

ProgramResult CredentialHelper::run(const std::string& action, const std::string& input) const {
  try {
    return run_program({program_, action}, input);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::not_found && error.kind() != ErrorKind::local_io) {
      throw;
    }
    fail(action, error.message());
  }
}

void CredentialHelper::fail(const std::string& action, const std::string& why) const {
  throw Error(ErrorKind::denied, "credential helper " + program_ + " " + action + ": " + why,
              "check credHelpers and credsStore in Docker's config.json");
}

std::optional<Credential> CredentialHelper::get(const std::string& server) const {
  return read_helper_output(run("get", server), *this);
}

void CredentialHelper::store(const std::string& server, const Credential& credential) const {
  const Json document = {{"ServerURL", server},
                         {"Username", credential.username},
                         {"Secret", credential.password.reveal()}};
  const auto result = run("store", document.dump());
  if (result.exit_code != 0) {
    fail("store", "ended with " + std::to_string(result.exit_code));
  }
}

void CredentialHelper::erase(const std::string& server) const {
  const auto result = run("erase", server);
  if (result.exit_code != 0 && result.output.find(k_nothing_known) == std::string::npos) {
    fail("erase", "ended with " + std::to_string(result.exit_code));
  }
}

} // namespace regctl::http
