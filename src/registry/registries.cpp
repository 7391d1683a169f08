// SPDX-License-Identifier: Apache-2.0
#include "registry/status.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/model/reference.hpp>
#include <regctl/registry/registries.hpp>

#include <vector>

namespace regctl::registry {

namespace {

constexpr std::uint64_t k_ping_limit_bytes = 64 * 1024;

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

/// Whether the answer is that of nginx, Go or Apache to an http request at an https port.
bool speaks_https_only(int status, const std::string& text) {
  return status == 400 && text.find("HTTPS") != std::string::npos;
}

std::optional<bool> parse_standalone(const std::optional<std::string>& value) {
  // "mirror" is a standalone registry that fetches missing images from its source.
  if (!value) {
    return std::nullopt;
  }
  return *value == "True" || *value == "true" || *value == "1" || *value == "mirror";
}

/// Whether the answer to a ping is JSON: "true" or, from docker-registry 0.9 on request, an object.
/// A web server that has a page for every path does not send JSON.
bool is_json(http::Response& response) {
  try {
    return find_json(http::read_body(response, k_ping_limit_bytes)).has_value();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::protocol) {
      throw;
    }
    return false; // longer than any answer to a ping
  }
}

std::string way_around_v2(const std::string& host) {
  return "an archive is the way: 'skopeo copy docker://" + host +
         "/NAME:TAG docker-archive:app.tar' and 'regctl push app.tar …' get an image from there, "
         "'regctl pull … app.tar' and 'skopeo copy docker-archive:app.tar docker://" +
         host + "/NAME:TAG' bring one";
}

bool is_v2(const http::Response& response) {
  return response.headers.find("Docker-Distribution-Api-Version") == "registry/2.0";
}

/// Asks one host, by the scheme in base().
class Probe {
public:
  Probe(http::Transport& transport, const std::string& host,
        const std::optional<http::Credential>& credential)
      : transport_(transport), host_(host), credential_(credential) {}

  [[nodiscard]] const http::Url& base() const noexcept { return base_; }

  /// Sets base() to the first of the schemes by which the host answers HTTP.
  void choose_scheme(const std::vector<std::string>& schemes) {
    base_ = http::Url::parse(schemes.front() + "://" + host_ + "/");
    if (schemes.size() == 1) {
      return; // nothing to choose: the first request reports errors
    }
    for (const auto& scheme : schemes) {
      auto request = ping("/v1/_ping");
      request.url.scheme = scheme;
      auto attempt = transport_.attempt(request);
      if (attempt.response) {
        const int status = attempt.response->status;
        const bool wants_https =
            status == 400 && speaks_https_only(status, error_text(*attempt.response));
        if (scheme == "https" || !wants_https) {
          base_.scheme = scheme;
          if (http::is_success(status)) {
            answer_ = std::move(attempt.response); // other answers may be temporary: ask_v1()
                                                   // repeats the ping with retries
          }
          return;
        }
      } else if (attempt.obstacle == http::Obstacle::certificate) {
        throw *attempt.error; // the host is there, and speaks TLS
      } else if (attempt.obstacle == http::Obstacle::nobody) {
        return;
      } else if (attempt.obstacle == http::Obstacle::after_tls) {
        base_.scheme = scheme;
        return;
      } else if (attempt.obstacle == http::Obstacle::wrong_scheme) {
        base_.scheme = "http";
      }
    }
  }

  /// The answer to the v1 ping; nothing if the host answers but does not speak v1.
  std::optional<v1::Ping> ask_v1() {
    auto response = answer_ ? std::move(*answer_) : ask("/v1/_ping");
    answer_.reset();
    if (response.status == 404) {
      http::discard_body(response);
      response = ask("/_ping");
    }
    const v1::Ping ping{parse_standalone(response.headers.find("X-Docker-Registry-Standalone")),
                        response.headers.find("X-Docker-Registry-Version")};
    const int status = response.status;
    if (http::is_success(status)) {
      const bool is_registry = ping.standalone || ping.version || is_json(response);
      http::discard_body(response);
      return is_registry ? std::optional(ping) : std::nullopt;
    }
    if (status == 401 && !is_v2(response)) {
      throw_denied(response, host_, "", credential_);
    }
    const auto text = error_text(response);
    if (speaks_https_only(status, text)) {
      throw Error(ErrorKind::unavailable, base_.origin() + " speaks https, not http",
                  "leave out --plain-http, or \"plain_http\" in the configuration");
    }
    if (status == 429 || status >= 500) {
      throw Error(ErrorKind::unavailable, "cannot ping " + base_.origin() + ": it answered " +
                                              std::to_string(status) + " (" + text + ")");
    }
    return std::nullopt;
  }

  bool ask_v2() {
    auto response = ask("/v2/");
    http::discard_body(response);
    return is_v2(response) && (http::is_success(response.status) || response.status == 401);
  }

private:
  [[nodiscard]] http::Request ping(const std::string& target) const {
    http::Request request;
    request.url = base_;
    request.url.target = target;
    return request;
  }

  http::Response ask(const std::string& target) {
    auto request = ping(target);
    auto response = transport_.send(request);
    if (response.status == 401 && credential_ && !is_v2(response)) {
      // A proxy that asks for Basic may guard the ping too.
      http::discard_body(response);
      request.authorization =
          http::basic_authorization(credential_->username, credential_->password);
      response = transport_.send(request);
    }
    return response;
  }

  http::Transport& transport_;
  const std::string& host_;
  const std::optional<http::Credential>& credential_;
  http::Url base_;
  std::optional<http::Response> answer_; ///< to the ping that chose the scheme
};

} // namespace

struct Registries::Entry {
  std::mutex mutex; ///< held while one thread asks the host
  std::unique_ptr<v1::Registry> v1;
};

Registries::Registries(http::Transport& transport, http::Credentials& credentials,
                       const http::Settings& settings)
    : transport_(transport), credentials_(credentials), settings_(settings) {}

Registries::~Registries() = default;

Detected Registries::detect(const RegistryHost& host,
                            const std::optional<http::Credential>& credential, Ask ask) {
  return detect_by(schemes_for(host.host, settings_.for_host(host.host)), host, credential, ask);
}

Detected Registries::detect_by(const std::vector<std::string>& schemes, const RegistryHost& host,
                               const std::optional<http::Credential>& credential, Ask ask) {
  Probe probe(transport_, host.host, credential);
  probe.choose_scheme(schemes);
  Detected detected{probe.base(), probe.ask_v1(), false};
  detected.speaks_v2 = (ask == Ask::everything || !detected.v1) && probe.ask_v2();
  return detected;
}

std::unique_ptr<v1::Registry>
Registries::connect(const RegistryHost& host, const std::optional<http::Credential>& credential) {
  return open_v1(detect(host, credential, Ask::until_v1), host,
                 [credential](const std::string&) { return credential; });
}

std::unique_ptr<v1::Registry> Registries::connect_at(const http::Url& base) {
  const RegistryHost host{base.origin().substr(base.scheme.size() + 3)};
  const auto credential = credential_for_ping(host);
  return open_v1(detect_by({base.scheme}, host, credential, Ask::until_v1), host,
                 configured_credentials(host));
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
    throw Error(ErrorKind::unsupported,
                host.host + " speaks only protocol v2, which this version of regctl does not",
                way_around_v2(host.host));
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

v1::Registry& Registries::v1(const RegistryHost& host) {
  Entry* entry = nullptr;
  {
    const std::lock_guard lock(mutex_);
    auto& slot = entries_[host.host];
    if (!slot) {
      slot = std::make_unique<Entry>();
    }
    entry = slot.get();
  }
  const std::lock_guard lock(entry->mutex);
  if (!entry->v1) {
    entry->v1 = open_v1(detect(host, credential_for_ping(host), Ask::until_v1), host,
                        configured_credentials(host));
  }
  return *entry->v1;
}

} // namespace regctl::registry
