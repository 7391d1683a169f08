// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/http/host_settings.hpp>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::http {

/// What the hosts get that a registry names for its images (X-Docker-Endpoints): its tokens alone,
/// or its password too, and then they may lie anywhere.
enum class EndpointTrust { tokens, password };

/// "1.0" to "1.3". Throws Error{usage} for anything else.
TlsVersion parse_tls_version(std::string_view text);

/// "tokens" or "trusted". Throws Error{usage} for anything else.
EndpointTrust parse_endpoint_trust(std::string_view text);

/// What is configured for registries by hand.
struct RegistrySettings {
  bool insecure = false;   ///< TLS unverified, and plain http where https is not spoken
  bool plain_http = false; ///< http only
  std::string ca_file;
  std::vector<std::string> certs_d_authorities; ///< where there is no ca_file
  std::string client_cert;
  std::string client_key;
  std::vector<ClientCertificate> certs_d_certificates; ///< where there is no client_cert
  std::optional<TlsVersion> tls_min;                   ///< nothing: 1.2
  EndpointTrust endpoints = EndpointTrust::tokens;
};

/// Settings by host: flags over the configuration file over Docker's certs.d folders. Immutable,
/// hence thread-safe.
class Settings {
public:
  struct Flags {
    bool insecure = false;
    bool plain_http = false;
    std::string ca_file;
    std::string client_cert;
    std::string client_key;
    std::optional<TlsVersion> tls_min;
    std::filesystem::path config; ///< --config; must exist if named
  };

  /// Reads the configuration: `flags.config`, else $REGCTL_CONFIG, else
  /// $XDG_CONFIG_HOME/regctl/config.json if it is there:
  /// {"registries": {"host:5000": {"insecure": true, "plain_http": true, "ca_file": …,
  /// "client_cert": …, "client_key": …, "tls_min": "1.0", "endpoints": "trusted"}}}. Throws
  /// Error{usage} naming file and member that is wrong.
  static Settings load(const Flags& flags);

  /// Takes what is set of `settings` for "host:port" over the configuration file, under the flags.
  /// Before the settings are shared.
  void add(const std::string& host_port, const RegistrySettings& settings);

  /// For "host:port"; for port 443 the entry or folder may be called "host" or "host:443". certs.d
  /// is looked for in ~/.docker, ~/.config/docker, ~/.config/containers, /etc/docker and
  /// /etc/containers: of the first folder that has any, all *.crt are authorities, and each *.cert
  /// with the *.key of its name is a certificate of ours. Throws Error{usage} for a *.cert or *.key
  /// without the other, and for such a folder that cannot be read. Source: Docker's
  /// registry/registry.go (ReadCertsDirectory), 20.10.
  [[nodiscard]] RegistrySettings for_host(const std::string& host_port) const;

private:
  Flags flags_;
  std::map<std::string, RegistrySettings> registries_;
};

} // namespace regctl::http
