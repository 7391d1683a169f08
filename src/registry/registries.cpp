// SPDX-License-Identifier: Apache-2.0
#include "registry/probe.hpp"

#include <regctl/base/error.hpp>
#include <regctl/model/reference.hpp>
#include <regctl/registry/registries.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace regctl::registry {

namespace {

std::vector<std::string> schemes_for(const std::string& host,
                                     const http::RegistrySettings& settings) {
  if (settings.plain_http) {
    return {"http"};
  }
  if (is_loopback_host(host)) {
    // docker-registry 0.9 does not react to a TLS hello on its plain port for two seconds, so http
    // comes first.
    return {"http", "https"};
  }
  if (settings.insecure) {
    return {"https", "http"};
  }
  return {"https"};
}

/// Where the API of a registry is: Docker Hub's is at a host of another name.
std::string api_host(const std::string& host) {
  return is_docker_hub(host) ? "registry-1.docker.io" : host;
}

} // namespace

struct Registries::Entry {
  std::mutex mutex;                 ///< held while one thread asks the host
  std::optional<Detected> detected; ///< after all was asked
  std::unique_ptr<v1::Registry> v1;
  std::unique_ptr<v2::Registry> v2;
};

Registries::Registries(http::Transport& transport, http::Credentials& credentials,
                       const http::Settings& settings, v2::Options v2_options)
    : transport_(transport), credentials_(credentials), settings_(settings),
      v2_options_(std::move(v2_options)) {}

Registries::~Registries() = default;

Detected Registries::detect(const RegistryHost& host,
                            const std::optional<http::Credential>& credential, Ask ask) {
  return ask == Ask::everything
             ? detect_all(host, credential)
             : detect_by(schemes_for(host.host, settings_.for_host(host.host)), host, credential);
}

Detected Registries::detect_by(const std::vector<std::string>& schemes, const RegistryHost& host,
                               const std::optional<http::Credential>& credential) {
  Probe probe(transport_, host.host, credential);
  probe.choose_scheme(schemes, k_v1_ping);
  Detected detected{probe.base(), probe.ask_v1(), false};
  detected.speaks_v2 = !detected.v1 && probe.ask_v2();
  return detected;
}

std::unique_ptr<v1::Registry>
Registries::connect(const RegistryHost& host, const std::optional<http::Credential>& credential) {
  const auto known = find_detected(host);
  return open_v1(known ? *known : detect(host, credential, Ask::until_v1), host,
                 [credential](const std::string&) { return credential; });
}

std::unique_ptr<v1::Registry> Registries::connect_at(const http::Url& base) {
  const RegistryHost host{base.origin().substr(base.scheme.size() + 3)};
  const auto credential = credential_for_ping(host);
  return open_v1(detect_by({base.scheme}, host, credential), host, configured_credentials(host));
}

/// The credential for pinging a host. A proxy that guards the ping also accepts a credential that
/// is stored only for a repository.
std::optional<http::Credential> Registries::credential_for_ping(const RegistryHost& host) {
  auto credential = credentials_.find(host.host);
  return credential ? credential : credentials_.find_any_repository(host.host);
}

v1::Registry::CredentialFor Registries::configured_credentials(const RegistryHost& host) {
  return [this, name = host.host](const std::string& repository) {
    return credentials_.find(name, repository);
  };
}

std::unique_ptr<v1::Registry> Registries::open_v1(const Detected& detected,
                                                  const RegistryHost& host,
                                                  v1::Registry::CredentialFor credential_for) {
  if (!detected.v1 && detected.speaks_v2) {
    throw Error(ErrorKind::unsupported, host.host + " speaks only protocol v2, not v1",
                "leave out v1:// and --api v1, or write " +
                    with_registry_scheme(host.host, Protocol::v2));
  }
  if (!detected.v1) {
    throw Error(ErrorKind::protocol,
                detected.base.origin() + " answers, but not as a Docker registry",
                "check host and port");
  }
  return std::make_unique<v1::Registry>(transport_, detected.base, host.host,
                                        std::move(credential_for), *detected.v1,
                                        settings_.for_host(host.host).endpoints);
}

Detected Registries::detect_v2(const RegistryHost& host,
                               const std::optional<http::Credential>& credential) {
  const auto api = api_host(host.host);
  Probe probe(transport_, api, credential);
  probe.choose_scheme(schemes_for(api, settings_.for_host(host.host)), k_v2_ping);
  return {probe.base(), std::nullopt, probe.ask_v2()};
}

/// Asks for v2 first: a registry of v2 alone may want credentials for the ping of v1, too.
Detected Registries::detect_all(const RegistryHost& host,
                                const std::optional<http::Credential>& credential) {
  const auto api = api_host(host.host);
  Probe probe(transport_, api, credential);
  probe.choose_scheme(schemes_for(api, settings_.for_host(host.host)), k_v2_ping);
  Detected detected{probe.base(), std::nullopt, false};
  if (api != host.host) {
    detected.speaks_v2 = probe.ask_v2();
    return detected; // Docker Hub, which has given up v1
  }
  const auto answer = probe.try_v2();
  detected.speaks_v2 = answer.value_or(false);
  try {
    detected.v1 = probe.ask_v1(detected.speaks_v2 ? Probe::OldPath::leave : Probe::OldPath::ask);
    if (!answer && !detected.v1) {
      detected.speaks_v2 = probe.ask_v2(); // now with all patience
    }
  } catch (const Error& error) {
    // A guard that refuses both pings may stand before a registry of either protocol. An answer
    // that is broken is none of protocol v1.
    const bool is_none = error.kind() == ErrorKind::unavailable ||
                         error.kind() == ErrorKind::protocol ||
                         (error.kind() == ErrorKind::denied && !probe.is_v2_guarded());
    if (!detected.speaks_v2 || !is_none) {
      throw;
    }
  }
  return detected;
}

std::unique_ptr<v2::Registry> Registries::open_v2(const Detected& detected,
                                                  const RegistryHost& host,
                                                  v2::Registry::CredentialFor credential_for) {
  if (!detected.speaks_v2) {
    throw Error(ErrorKind::protocol,
                detected.base.origin() + " answers, but not as a registry of protocol v2",
                "check host and port; if it speaks protocol v1, name it as v1://" + host.host);
  }
  return std::make_unique<v2::Registry>(transport_, detected.base, host.host,
                                        std::move(credential_for), v2_options_);
}

std::unique_ptr<v2::Registry>
Registries::connect_v2(const RegistryHost& host,
                       const std::optional<http::Credential>& credential) {
  const auto known = find_detected(host);
  return open_v2(known ? *known : detect_v2(host, credential), host,
                 [credential](const std::string&) { return credential; });
}

Registries::Entry& Registries::entry_of(const RegistryHost& host) {
  const std::lock_guard lock(mutex_);
  auto& slot = entries_[host.host];
  if (!slot) {
    slot = std::make_unique<Entry>();
  }
  return *slot;
}

std::optional<Detected> Registries::find_detected(const RegistryHost& host) {
  auto& entry = entry_of(host);
  const std::lock_guard lock(entry.mutex);
  return entry.detected;
}

std::vector<Protocol> Registries::protocols(const RegistryHost& host) {
  auto& entry = entry_of(host);
  const std::lock_guard lock(entry.mutex);
  if (!entry.detected) {
    auto detected = detect_all(host, credential_for_ping(host));
    if (!detected.v1 && !detected.speaks_v2) {
      throw Error(ErrorKind::protocol,
                  detected.base.origin() + " answers, but not as a Docker registry",
                  "check host and port");
    }
    entry.detected = std::move(detected);
  }
  std::vector<Protocol> protocols;
  if (entry.detected->speaks_v2) {
    protocols.push_back(Protocol::v2);
  }
  if (entry.detected->v1) {
    protocols.push_back(Protocol::v1);
  }
  return protocols;
}

v1::Registry& Registries::v1(const RegistryHost& host) {
  auto& entry = entry_of(host);
  const std::lock_guard lock(entry.mutex);
  if (!entry.v1) {
    entry.v1 = open_v1(entry.detected ? *entry.detected
                                      : detect(host, credential_for_ping(host), Ask::until_v1),
                       host, configured_credentials(host));
  }
  return *entry.v1;
}

v2::Registry& Registries::v2(const RegistryHost& host) {
  auto& entry = entry_of(host);
  const std::lock_guard lock(entry.mutex);
  if (!entry.v2) {
    entry.v2 =
        open_v2(entry.detected ? *entry.detected : detect_v2(host, credential_for_ping(host)), host,
                configured_credentials(host));
  }
  return *entry.v2;
}

} // namespace regctl::registry
