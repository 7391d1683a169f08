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

/// The user's account at one registry.
struct Credential {
  std::string username;
  Secret password;
  Secret identity_token; ///< Docker's "identitytoken" (refresh token of v2), else empty
  /// Its source, for --verbose: "REGCTL_USERNAME", "/home/ann/.docker/config.json".
  std::string origin;
};

/// Looks up and stores credentials. The sources, of which the first match wins: `by_host`, flags,
/// REGCTL_USERNAME and REGCTL_PASSWORD, the text of DOCKER_AUTH_CONFIG, the file that
/// REGISTRY_AUTH_FILE names, Docker's config.json ($DOCKER_CONFIG or ~/.docker), podman's auth.json
/// in $XDG_RUNTIME_DIR/containers (/run/containers/UID without that variable) and in
/// ~/.config/containers, ~/.dockercfg.
///
/// The order within each file: credHelpers of the host; auths of the repository and of the
/// namespaces around it ("host:5000/team/app", "host:5000/team"), but not in .dockercfg;
/// credsStore; auths of the host. The key of a host may have a scheme and a path, as older versions
/// of Docker wrote them. Flags and environment apply to every host that the command names, but to
/// no host that a server names. Helpers are run as docker-credential-NAME
/// (docker-credential-helpers protocol). Source: containers/image 5, pkg/docker/config; docker/cli
/// 28.3. Thread-safe; a helper is asked once per host and run.
class Credentials {
public:
  struct Options {
    std::map<std::string, Credential> by_host; ///< from a mirror file, by "host:port"
    std::optional<Credential> from_flags;
    std::filesystem::path docker_config; ///< path of config.json; empty: the default one
    /// Receives a sentence for --verbose ("using the password of 'bob' for HOST from FILE").
    std::function<void(const std::string&)> note;
    /// Receives a warning for the user, such as about a file that other users can write.
    std::function<void(const std::string&)> warn;
  };

  explicit Credentials(Options options);
  ~Credentials();
  Credentials(const Credentials&) = delete;
  Credentials& operator=(const Credentials&) = delete;

  /// The credential for "host:port", or for one repository there ("team/app"). Throws Error{usage}
  /// naming the source for one that is malformed or unreadable, for a missing file that
  /// REGISTRY_AUTH_FILE names (other files may be missing), and if only one of REGCTL_USERNAME and
  /// REGCTL_PASSWORD is set. Throws Error{denied} naming a helper that failed.
  std::optional<Credential> find(const std::string& host, const std::string& repository = "");

  /// Any credential stored for a repository or namespace of "host:port".
  std::optional<Credential> find_any_repository(const std::string& host);

  /// Stores for later runs: with the host's helper or credsStore if configured, else base64 in
  /// config.json (mode 0600, other members kept, written atomically). Returns the place for a
  /// message ("/home/ann/.docker/config.json (not encrypted)").
  std::string store(const std::string& host, const Credential& credential);

  /// Removes the credential that store() stored. Returns false if there was none.
  bool erase(const std::string& host);

private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

} // namespace regctl::http
