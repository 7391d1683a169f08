// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/environment.hpp>
#include <regctl/http/client.hpp>
#include <regctl/http/credentials.hpp>
#include <regctl/http/settings.hpp>
#include <regctl/model/v1/repository.hpp>
#include <regctl/ops/progress.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace regctl::objects {
class Buckets;
}
namespace regctl::registry {
class Registries;
}

namespace regctl::ops {

/// The protocol to speak: detected for each host, or fixed.
enum class Api { detect, v1, v2 };

/// How v2 registries are written to.
struct V2Writing {
  /// Blobs are sent in pieces of this size; 0: in one piece, unless that is too large for a
  /// registry.
  std::uint64_t chunk_bytes = 0;
  /// At a registry that removes digests alone: a tag that shares its digest with others is put on a
  /// throw-away manifest, which is then removed. Else it is not removed.
  bool replaces_shared_tags = false;
  /// Where uploads in pieces that were cut are remembered for the next run; "": nowhere.
  std::string upload_folder = {};
};

struct SessionOptions {
  http::ClientOptions client; ///< `settings` is filled in from the next member
  http::Settings settings;
  http::Credentials::Options credentials;
  Api api = Api::detect;
  std::size_t jobs = 4; ///< layers in flight
  V2Writing v2;         ///< how v2 registries are written to
  /// Where the settings of buckets are; also the user's files that it names.
  Environment environment = process_environment;
  /// The limit of requests a second for each "host:port"; other hosts have no limit.
  std::map<std::string, double> requests_per_second;
};

/// The state shared by all verbs of one run: connections, credentials, and the protocols detected
/// for each host. Thread-safe.
class Session {
public:
  /// `progress` must outlive the session.
  Session(SessionOptions options, Progress& progress);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  [[nodiscard]] http::Client& client() noexcept { return client_; }
  [[nodiscard]] http::Credentials& credentials() noexcept { return credentials_; }
  [[nodiscard]] registry::Registries& registries() noexcept { return *registries_; }
  [[nodiscard]] objects::Buckets& buckets() noexcept { return *buckets_; }
  [[nodiscard]] Progress& progress() noexcept { return progress_; }
  [[nodiscard]] Api api() const noexcept { return options_.api; }
  [[nodiscard]] std::size_t jobs() const noexcept { return options_.jobs; }

private:
  class RequestPace;

  SessionOptions options_;
  std::unique_ptr<RequestPace> pace_; ///< nullptr if no host has a limit
  Progress& progress_;
  http::Credentials credentials_;
  http::Client client_;
  std::unique_ptr<registry::Registries> registries_;
  std::unique_ptr<objects::Buckets> buckets_;
};

} // namespace regctl::ops
