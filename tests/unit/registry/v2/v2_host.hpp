// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "registry/v2/authorized_session.hpp"
#include "registry/v2/connection.hpp"
#include "support/fake_server.hpp"

#include <regctl/http/credentials.hpp>
#include <regctl/http/secret.hpp>
#include <regctl/model/oci/manifest.hpp>
#include <regctl/model/oci/media_type.hpp>
#include <regctl/registry/v2/registry.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace regctl::test {

/// A registry at reg.example, played by a FakeServer, with a token service at auth.example. Nobody
/// is known there until `credential` is set; bob's password is "secret".
struct V2Host {
  explicit V2Host(std::string host = "reg.example", const std::string& scheme = "https")
      : server(scheme + "://" + host), base(http::Url::parse(scheme + "://" + host + "/")),
        name(std::move(host)) {}

  std::shared_ptr<registry::v2::Connection> connection() {
    if (!connection_) {
      connection_ = std::make_shared<registry::v2::Connection>(
          server, base, name, [this](const std::string&) { return credential; }, options);
    }
    return connection_;
  }

  /// Sessions of one host share what is known of it.
  std::shared_ptr<registry::v2::AuthorizedSession>
  session(const std::string& repository = "team/app") {
    return std::make_shared<registry::v2::AuthorizedSession>(connection(), repository);
  }

  void log_in() { credential = http::Credential{"bob", http::Secret("secret"), {}, "a test"}; }

  FakeServer server;
  http::Url base;
  std::string name;
  std::optional<http::Credential> credential;
  registry::v2::Options options;

private:
  std::shared_ptr<registry::v2::Connection> connection_; ///< from the first use on
};

/// The Authorization header of bob.
inline const std::string k_v2_bob = "Basic Ym9iOnNlY3JldA==";

inline Reply v2_challenge(const std::string& value) {
  return {401, "", {{"WWW-Authenticate", value}}};
}

inline const std::string k_bearer =
    R"(Bearer realm="https://auth.example/token",service="reg.example")";

/// A refusal with a code, as distribution-spec 1.1 wants it.
inline Reply v2_error(int status, const std::string& code, const std::string& message = "no") {
  return {status, R"({"errors":[{"code":")" + code + R"(","message":")" + message + R"("}]})"};
}

/// A manifest without layers whose config is the empty object; `extra` are further members.
inline oci::Document v2_manifest(const std::string& extra = "") {
  return oci::make_document(
      R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",)"
      R"("config":{"mediaType":"application/vnd.oci.empty.v1+json","size":2,"digest":")" +
          oci::Digest::of("{}").to_string() + R"("},"layers":[])" + extra + "}",
      oci::k_oci_manifest, std::nullopt, "a manifest");
}

/// An index of these manifests.
inline oci::Document v2_index(const std::vector<oci::Descriptor>& manifests) {
  std::string entries;
  for (const auto& manifest : manifests) {
    entries += (entries.empty() ? R"({"mediaType":")" : R"(,{"mediaType":")") +
               manifest.media_type + R"(","digest":")" + manifest.digest.to_string() +
               R"(","size":)" + std::to_string(manifest.size_bytes) + "}";
  }
  return oci::make_document(
      R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[)" +
          entries + "]}",
      oci::k_oci_index, std::nullopt, "an index");
}

/// The answer to GET of a manifest.
inline Reply v2_reply(const oci::Document& document) {
  return {200,
          document.bytes,
          {{"Content-Type", document.media_type},
           {"Docker-Content-Digest", document.digest.to_string()},
           {"Content-Length", std::to_string(document.bytes.size())}}};
}

/// The same to HEAD.
inline Reply v2_head(const oci::Document& document) {
  auto reply = v2_reply(document);
  reply.body.clear();
  return reply;
}

} // namespace regctl::test
