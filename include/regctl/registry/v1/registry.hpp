// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/http/credentials.hpp>
#include <regctl/http/settings.hpp>
#include <regctl/http/transport.hpp>
#include <regctl/http/url.hpp>
#include <regctl/model/v1/access.hpp>
#include <regctl/model/v1/repository.hpp>
#include <regctl/model/v1/search_result.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::registry::v1 {

/// The answer to a v1 ping.
struct Ping {
  std::optional<bool> standalone;     ///< X-Docker-Registry-Standalone; nothing if not sent
  std::optional<std::string> version; ///< X-Docker-Registry-Version
};

/// One registry that speaks protocol v1. Thread-safe.
class Registry {
public:
  /// Returns the credential for a repository ("team/app"), or for the registry itself ("");
  /// nothing: anonymous. Called from any thread.
  using CredentialFor =
      std::function<std::optional<http::Credential>(const std::string& repository)>;

  /// `base` is scheme, host and port as detected; `endpoints` limits the secrets for hosts that the
  /// registry names. `transport` must outlive this and every repository opened.
  Registry(http::Transport& transport, http::Url base, std::string host,
           CredentialFor credential_for, Ping ping,
           http::EndpointTrust endpoints = http::EndpointTrust::tokens);
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  [[nodiscard]] const http::Url& base() const noexcept;
  [[nodiscard]] const Ping& ping() const noexcept;

  /// Repositories that match `term` by the server's rules, of all pages, each name once, with
  /// quoted slashes decoded. A truncated listing is noted. Nothing if search is off: 404, or an
  /// answer without results (`{}`), which older versions of docker-registry gave.
  std::optional<std::vector<SearchResult>> search(std::string_view term);

  /// Calls `on_tag` for every tag of every repository, in no order, from `GET /v1/repositories`,
  /// which docker-registry-server 2.2.0 (npm) has. Returns false if the server has no such listing,
  /// or if it is truncated; then the caller must drop the tags it has received. A tag without an ID
  /// is listed, but cannot be read by the server.
  using OnTag = std::function<void(const std::string& name, const std::string& tag,
                                   const std::optional<std::string>& id)>;
  bool list_all_tags(const OnTag& on_tag);

  /// Whether the server has checked the credential and accepts it. False if it cannot tell: the
  /// server has no /v1/users/, or accepts everyone there. Throws Error{denied} if the credential is
  /// wrong.
  bool check_credential();

  /// A repository of this registry ("team/app", "app"); sends no request. Throws the errors of
  /// looking up its credential.
  std::unique_ptr<V1Repository> open(const std::string& name);

  /// Whether the repository is public or private. Throws Error{not_found}, Error{unsupported}.
  RepositoryAccess access(const std::string& name);
  void set_access(const std::string& name, RepositoryAccess access);

private:
  class Impl;
  std::shared_ptr<Impl> impl_; // shared with the repositories it opened
};

} // namespace regctl::registry::v1
