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

/// The secrets that are sent to the hosts which a registry names for its images
/// (X-Docker-Endpoints): only its tokens, or its password too. With `password` the hosts may be at
/// any address.
enum class EndpointTrust { tokens, password };

/// "1.0" to "1.3". Throws Error{usage} for anything else.
TlsVersion parse_tls_version(std::string_view text);

/// "tokens" or "trusted". Throws Error{usage} for anything else.
EndpointTrust parse_endpoint_trust(std::string_view text);

/// The user's settings for one registry.
struct RegistrySettings {
  bool insecure = false;   ///< TLS is not verified; plain http if the host does not speak https
  bool plain_http = false; ///< http only
  std::string ca_file;
  std::vector<std::string> certs_d_authorities; ///< used if there is no ca_file
  std::string client_cert;
  std::string client_key;
  std::vector<ClientCertificate> certs_d_certificates; ///< used if there is no client_cert
  std::optional<TlsVersion> tls_min;                   ///< nothing: 1.2
  EndpointTrust endpoints = EndpointTrust::tokens;
};

/// Settings by host. Flags override the configuration file, which overrides Docker's certs.d
/// folders. Const functions are thread-safe.
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
  /// $XDG_CONFIG_HOME/regctl/config.json if it is there: {"registries": {"host:5000": {"insecure":
  /// true, "plain_http": true, "ca_file": …, "client_cert": …, "client_key": …, "tls_min": "1.0",
  /// "endpoints": "trusted"}}}. Throws Error{usage} naming the file and the wrong member.
  static Settings load(const Flags& flags);

  /// Adds settings for "host:port". Those that are set override the configuration file; flags
  /// override them. Not thread-safe: call it before other threads use this object.
  void add(const std::string& host_port, const RegistrySettings& settings);

  /// The settings for "host:port"; for port 443 the entry or folder may be called "host" or
  /// "host:443". The folders certs.d are those in ~/.docker, ~/.config/docker,
  /// ~/.config/containers, /etc/docker and /etc/containers. The first that has authorities gives
  /// them, all *.crt; the first that has client certificates gives those, each *.cert with the
  /// *.key of the same name. Throws Error{usage} for a *.cert or *.key without the other, and for
  /// such a folder that cannot be read. Source: Docker's registry/registry.go (ReadCertsDirectory),
  /// 20.10.
  [[nodiscard]] RegistrySettings for_host(const std::string& host_port) const;

private:
  Flags flags_;
  std::map<std::string, RegistrySettings> registries_;
};

} // namespace regctl::http
