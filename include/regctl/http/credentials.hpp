// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/http/secret.hpp>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace regctl::http {

/// Who we are at one registry.
struct Credential {
  std::string username;
  Secret password;
  Secret identity_token; ///< Docker's "identitytoken" (refresh token of v2), else empty
  std::string
      origin; ///< where it was found, for --verbose: "REGCTL_USERNAME", "/root/.docker/config.json"
};

/// Where credentials are looked for, first match wins: `by_host`, flags, REGCTL_USERNAME and
/// REGCTL_PASSWORD, then Docker's config.json ($DOCKER_CONFIG or ~/.docker): credHelpers of the
/// host, credsStore, auths; then ~/.dockercfg. Keys match with and without scheme and "/v1/" or
/// "/v2/" path, as Docker wrote them over the years. Flags and environment count for every host the
/// command names, and for none that a server names. Helpers are run as docker-credential-NAME
/// (docker-credential-helpers protocol). Thread-safe; a helper is asked once per host and run.
class Credentials {
public:
  struct Options {
    std::map<std::string, Credential> by_host; ///< what a mirror file says, by "host:port"
    std::optional<Credential> from_flags;
    std::filesystem::path docker_config; ///< of config.json; empty: the default place
    /// Says a sentence for --verbose ("using the password of 'bob' for HOST from FILE").
    std::function<void(const std::string&)> note;
  };

  explicit Credentials(Options options);
  ~Credentials();

  /// For "host:port". Throws Error{usage} for a config.json that cannot be read (naming it), never
  /// for one that is missing; Error{denied} naming the helper that failed.
  std::optional<Credential> find(const std::string& host);

  /// Stores for later runs: with the host's helper or credsStore if configured, else base64 in
  /// config.json (mode 0600, other members kept, written atomically). Returns where it went, for
  /// the user ("/root/.docker/config.json (not encrypted)").
  std::string store(const std::string& host, const Credential& credential);

  /// Removes what store() stored. Returns false if there was nothing.
  bool erase(const std::string& host);

private:
  class State;
  std::unique_ptr<State> state_;
};

} // namespace regctl::http
