// SPDX-License-Identifier: Apache-2.0
#pragma once

// registry/: the clients of registries. v1/ and v2/ use the terms of their protocols; this header
// finds out which of them a host speaks, and by which scheme. Uses http/ for requests and
// implements the stores of model/.

#include <regctl/http/credentials.hpp>
#include <regctl/http/settings.hpp>
#include <regctl/http/transport.hpp>
#include <regctl/http/url.hpp>
#include <regctl/model/reference.hpp>
#include <regctl/registry/v1/registry.hpp>
#include <regctl/registry/v2/registry.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace regctl::registry {

/// The protocols that a host speaks.
struct Detected {
  http::Url base; ///< scheme, host and port that answered; target "/"
  std::optional<v1::Ping> v1;
  bool speaks_v2 = false;
};

/// All registries of one run, by host. Facts about a host are remembered. Thread-safe.
class Registries {
public:
  /// The arguments must outlive this.
  Registries(http::Transport& transport, http::Credentials& credentials,
             const http::Settings& settings, v2::Options v2_options = {});
  ~Registries();
  Registries(const Registries&) = delete;
  Registries& operator=(const Registries&) = delete;

  /// Finds out which protocols `host` speaks: asks for v1, and for v2 if v1 fails; or for both, v2
  /// first. Loopback hosts are asked by http, then https; hosts configured as insecure by https,
  /// then http; all others by https only. Throws Error{unavailable} if the host does not answer,
  /// Error{denied} if credentials are missing or wrong.
  enum class Ask { until_v1, everything };
  Detected detect(const RegistryHost& host, const std::optional<http::Credential>& credential,
                  Ask ask);

  /// The v1 registry at `host`, used with this credential; the result is not remembered. Throws
  /// Error{unsupported} if the host speaks only v2, Error{protocol} if it answers but is no
  /// registry.
  std::unique_ptr<v1::Registry> connect(const RegistryHost& host,
                                        const std::optional<http::Credential>& credential);

  /// The same for `base`, which determines the scheme, with the credentials configured for its
  /// host.
  std::unique_ptr<v1::Registry> connect_at(const http::Url& base);

  /// The v1 registry at `host`, with the credentials configured for it; remembered for the whole
  /// run. Throws like connect().
  v1::Registry& v1(const RegistryHost& host);

  /// The v2 registry at `host`, used with this credential; the result is not remembered. Throws
  /// Error{protocol} if the host answers but does not speak v2. docker.io is asked at
  /// registry-1.docker.io.
  std::unique_ptr<v2::Registry> connect_v2(const RegistryHost& host,
                                           const std::optional<http::Credential>& credential);

  /// The same with the credentials configured for the host; remembered for the whole run. Asks for
  /// nothing but v2.
  v2::Registry& v2(const RegistryHost& host);

  /// The protocols that `host` speaks, v2 first: both if two registries stand behind one name.
  /// Asks for both, and remembers the answers for the whole run. A host that speaks one of them and
  /// cannot be asked for the other is taken to speak one. Throws Error{unavailable},
  /// Error{denied}; Error{protocol} if the host answers but is no registry.
  std::vector<Protocol> protocols(const RegistryHost& host);

private:
  struct Entry;
  Detected detect_by(const std::vector<std::string>& schemes, const RegistryHost& host,
                     const std::optional<http::Credential>& credential);
  Detected detect_v2(const RegistryHost& host, const std::optional<http::Credential>& credential);
  Detected detect_all(const RegistryHost& host, const std::optional<http::Credential>& credential);
  Entry& entry_of(const RegistryHost& host);
  /// What is remembered of protocols().
  std::optional<Detected> find_detected(const RegistryHost& host);
  std::optional<http::Credential> credential_for_ping(const RegistryHost& host);
  v1::Registry::CredentialFor configured_credentials(const RegistryHost& host);
  std::unique_ptr<v1::Registry> open_v1(const Detected& detected, const RegistryHost& host,
                                        v1::Registry::CredentialFor credential_for);
  std::unique_ptr<v2::Registry> open_v2(const Detected& detected, const RegistryHost& host,
                                        v2::Registry::CredentialFor credential_for);

  http::Transport& transport_;
  http::Credentials& credentials_;
  const http::Settings& settings_;
  const v2::Options v2_options_;
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Entry>> entries_;
};

} // namespace regctl::registry
