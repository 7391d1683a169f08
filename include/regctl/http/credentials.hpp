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
/// REGCTL_PASSWORD, the text of DOCKER_AUTH_CONFIG, the file that REGISTRY_AUTH_FILE names,
/// Docker's config.json ($DOCKER_CONFIG or ~/.docker), podman's auth.json in
/// $XDG_RUNTIME_DIR/containers
/// (/run/containers/UID without that variable) and in ~/.config/containers, ~/.dockercfg.
///
/// In each of them: credHelpers of the host; auths of the repository and of the namespaces around
/// it ("host:5000/team/app", "host:5000/team"), but not in .dockercfg; credsStore; auths of the
/// host. A host's key may have a scheme, and a path behind it, as Docker wrote it over the years.
/// Flags and environment count for every host the command names, and for none that a server names.
/// Helpers are run as docker-credential-NAME (docker-credential-helpers protocol). Source:
/// containers/image 5, pkg/docker/config; docker/cli 28.3. Thread-safe; a helper is asked once per
/// host and run.
class Credentials {
public:
  struct Options {
    std::map<std::string, Credential> by_host; ///< what a mirror file says, by "host:port"
    std::optional<Credential> from_flags;
    std::filesystem::path docker_config; ///< of config.json; empty: the default place
    /// Says a sentence for --verbose ("using the password of 'bob' for HOST from FILE").
    std::function<void(const std::string&)> note;
    /// Says a sentence that everybody should read: a file that others may write.
    std::function<void(const std::string&)> warn;
  };

  explicit Credentials(Options options);
  ~Credentials();
  Credentials(const Credentials&) = delete;
  Credentials& operator=(const Credentials&) = delete;

  /// For "host:port", or for one repository there ("team/app"). Throws Error{usage} for what is to
  /// be read and cannot be (naming it), never for a file that is missing unless REGISTRY_AUTH_FILE
  /// names it, and for one of REGCTL_USERNAME and REGCTL_PASSWORD without the other; Error{denied}
  /// naming the helper that failed.
  std::optional<Credential> find(const std::string& host, const std::string& repository = "");

  /// Any credential that is kept for a repository or namespace of "host:port".
  std::optional<Credential> find_any_repository(const std::string& host);

  /// Stores for later runs: with the host's helper or credsStore if configured, else base64 in
  /// config.json (mode 0600, other members kept, written atomically). Returns where it went, for
  /// the user ("/root/.docker/config.json (not encrypted)").
  std::string store(const std::string& host, const Credential& credential);

  /// Removes what store() stored. Returns false if there was nothing.
  bool erase(const std::string& host);

private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

} // namespace regctl::http
