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

/// What a v1 ping told.
struct Ping {
  std::optional<bool> standalone;     ///< X-Docker-Registry-Standalone; nothing if not sent
  std::optional<std::string> version; ///< X-Docker-Registry-Version
};

/// One registry that speaks protocol v1. Thread-safe.
class Registry {
public:
  /// Who we are for a repository ("team/app"), and for the registry itself (""); nothing for
  /// anonymous. Called from any thread.
  using CredentialFor =
      std::function<std::optional<http::Credential>(const std::string& repository)>;

  /// `base` is scheme, host and port as detected; `endpoints` what those get that the registry
  /// names. `transport` must outlive this and every repository opened.
  Registry(http::Transport& transport, http::Url base, std::string host,
           CredentialFor credential_for, Ping ping,
           http::EndpointTrust endpoints = http::EndpointTrust::tokens);
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  [[nodiscard]] const http::Url& base() const noexcept;
  [[nodiscard]] const Ping& ping() const noexcept;

  /// Repositories that match `term`, as the server matches; all pages, each name once, quoted
  /// slashes decoded. A listing that looks cut is noted. Nothing if search is off: 404, or an
  /// answer without results as older versions of docker-registry gave (`{}`).
  std::optional<std::vector<SearchResult>> search(std::string_view term);

  /// Calls `on_tag` for every tag of every repository, in no order, from `GET /v1/repositories`,
  /// which docker-registry-server 2.2.0 (npm) has. False if the server has no such listing, or one
  /// that ends in its middle: what was told of it is then to be forgotten. A tag without an ID is
  /// one that the server lists and cannot read.
  using OnTag = std::function<void(const std::string& name, const std::string& tag,
                                   const std::optional<std::string>& id)>;
  bool list_all_tags(const OnTag& on_tag);

  /// Whether the server looks at the credential, which is good then: false where it has no
  /// /v1/users/, or says the same to whoever asks there. Throws Error{denied} if it is not good.
  bool check_credential();

  /// A repository of this registry ("team/app", "app"); no request is made. Throws what finding its
  /// credential throws.
  std::unique_ptr<V1Repository> open(const std::string& name);

  /// Throws Error{not_found}, Error{unsupported}.
  RepositoryAccess access(const std::string& name);
  void set_access(const std::string& name, RepositoryAccess access);

private:
  class Impl;
  std::shared_ptr<Impl> impl_; // shared with the repositories it opened
};

} // namespace regctl::registry::v1
