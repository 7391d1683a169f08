// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/http/credentials.hpp>
#include <regctl/http/transport.hpp>
#include <regctl/http/url.hpp>
#include <regctl/model/oci/repository.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace regctl::registry::v2 {

/// What becomes of a tag that is to be removed from a registry that removes digests alone, if other
/// tags have the same digest.
enum class SharedDigest {
  refuse,  ///< Error{unsupported} that names the other tags
  replace, ///< the tag is put on a throw-away manifest, which is then removed
};

/// The user's choices for a registry.
struct Options {
  /// Blobs are sent in pieces of this size, or of the size that the registry demands. 0: in one
  /// piece, unless the registry or a proxy before it finds that too large.
  std::uint64_t chunk_bytes = 0;
  SharedDigest shared_digest = SharedDigest::refuse;
  /// Where uploads in pieces that were cut are remembered for the next run; "": nowhere.
  std::string upload_folder = {};
};

/// One registry that speaks protocol v2 (OCI distribution). Thread-safe. Sources:
/// distribution-spec 1.1; distribution 2.8.2 as observed.
class Registry {
public:
  /// Returns the credential for a repository ("team/app"), or for the registry itself ("");
  /// nothing: anonymous. Called from any thread.
  using CredentialFor =
      std::function<std::optional<http::Credential>(const std::string& repository)>;

  /// `base` is scheme, host and port of the API; `host` is the registry's name for messages and
  /// names ("docker.io", whose API is elsewhere). `transport` must outlive this and every
  /// repository opened.
  Registry(http::Transport& transport, http::Url base, std::string host,
           CredentialFor credential_for, Options options = {});
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  [[nodiscard]] const http::Url& base() const noexcept;

  /// Calls `on_names` with the names of all repositories, page by page, in the registry's order; a
  /// name may come twice, and a repository may have no tags. Throws Error{unsupported} if the
  /// registry does not tell this user its repositories.
  using OnNames = std::function<void(const std::vector<std::string>& names)>;
  void list_repositories(const OnNames& on_names);

  /// Whether the registry has checked the credential and accepts it. False if it cannot tell: it
  /// lets in everybody. Throws Error{denied} if the credential is wrong.
  bool check_credential();

  /// A repository of this registry ("team/app", "app"); sends no request. Throws the errors of
  /// looking up its credential.
  std::unique_ptr<OciRepository> open(const std::string& name);

private:
  class Impl;
  std::shared_ptr<Impl> impl_; // shared with the repositories it opened
};

} // namespace regctl::registry::v2
