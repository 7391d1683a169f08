// SPDX-License-Identifier: Apache-2.0
#pragma once

// registry/: what a registry says. v1/ and v2/ each in the terms of its protocol; here, which of
// them a host speaks, and how. Uses http/ for the bytes and implements the stores of model/.

#include <regctl/http/credentials.hpp>
#include <regctl/http/settings.hpp>
#include <regctl/http/transport.hpp>
#include <regctl/http/url.hpp>
#include <regctl/model/reference.hpp>
#include <regctl/registry/v1/registry.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace regctl::registry {

/// What a host turned out to speak.
struct Detected {
  http::Url base; ///< scheme, host and port that answered; target "/"
  std::optional<v1::Ping> v1;
  bool speaks_v2 = false;
};

/// All registries of one run, by host. What is found out about a host is remembered. Thread-safe.
class Registries {
public:
  /// The arguments must outlive this.
  Registries(http::Transport& transport, http::Credentials& credentials,
             const http::Settings& settings);
  ~Registries();
  Registries(const Registries&) = delete;
  Registries& operator=(const Registries&) = delete;

  /// Asks `host` what it speaks: v1, and if that fails or `ask` is everything, v2. Loopback hosts
  /// are asked by http, then https; hosts that are configured insecure by https, then http; all
  /// others by https alone. Throws Error{unavailable} if nobody answers, Error{denied} if
  /// credentials are missing or wrong.
  enum class Ask { until_v1, everything };
  Detected detect(const RegistryHost& host, const std::optional<http::Credential>& credential,
                  Ask ask);

  /// The v1 registry at `host`, asked with this credential and not remembered. Throws
  /// Error{unsupported} if the host speaks v2 alone, Error{protocol} if it answers but is no
  /// registry.
  std::unique_ptr<v1::Registry> connect(const RegistryHost& host,
                                        const std::optional<http::Credential>& credential);

  /// The same at `base`, which says the scheme, with the credentials that are configured for it.
  std::unique_ptr<v1::Registry> connect_at(const http::Url& base);

  /// The v1 registry at `host` with the credential that is configured for it. Throws like
  /// connect().
  v1::Registry& v1(const RegistryHost& host);

private:
  struct Entry;
  Detected detect_by(const std::vector<std::string>& schemes, const RegistryHost& host,
                     const std::optional<http::Credential>& credential, Ask ask);
  std::optional<http::Credential> credential_for_ping(const RegistryHost& host);
  v1::Registry::CredentialFor configured_credentials(const RegistryHost& host);
  std::unique_ptr<v1::Registry> open_v1(const Detected& detected, const RegistryHost& host,
                                        v1::Registry::CredentialFor credential_for);

  http::Transport& transport_;
  http::Credentials& credentials_;
  const http::Settings& settings_;
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Entry>> entries_;
};

} // namespace regctl::registry
