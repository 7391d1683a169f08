// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "registry/v1/endpoints.hpp"
#include "registry/v1/repository_session.hpp"
#include "support/fake_server.hpp"

#include <regctl/http/credentials.hpp>
#include <regctl/http/secret.hpp>
#include <regctl/http/settings.hpp>
#include <regctl/registry/v1/registry.hpp>

#include <memory>
#include <optional>
#include <string>

namespace regctl::test {

/// A registry at host:5000, played by a FakeServer, that stands alone and whose only repository
/// of interest is team/app. bob's password is "secret".
struct V1Host {
  explicit V1Host(const std::string& scheme = "http")
      : server(scheme + "://host:5000"), base(http::Url::parse(scheme + "://host:5000/")) {}

  /// A session with its own cookies and tokens; those of one host share what is known of it.
  std::shared_ptr<registry::v1::RepositorySession> session(const std::string& name = "team/app") {
    if (!connection) {
      connection = std::make_shared<const registry::v1::Connection>(registry::v1::Connection{
          server, base, "host:5000", [this](const std::string&) { return credential; }, ping,
          std::make_shared<registry::v1::Endpoints>(server, base, trust)});
    }
    return std::make_shared<registry::v1::RepositorySession>(connection, name);
  }

  FakeServer server;
  http::Url base;
  std::optional<http::Credential> credential =
      http::Credential{"bob", http::Secret("secret"), {}, "a test"};
  registry::v1::Ping ping{true, "0.9.1"};
  http::EndpointTrust trust = http::EndpointTrust::tokens;
  std::shared_ptr<const registry::v1::Connection> connection; ///< from the first session() on
};

/// The Authorization header of bob.
inline const std::string k_bob = "Basic Ym9iOnNlY3JldA==";

/// A token as docker-registry sends it.
inline http::Header token_header(const std::string& name) {
  return {"X-Docker-Token", "Token " + name};
}

} // namespace regctl::test
