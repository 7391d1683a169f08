// SPDX-License-Identifier: Apache-2.0
#pragma once

// server/: the embedded registry of protocol v1: routes and answers over the storage tree of
// formats. Only this directory includes libmicrohttpd. It knows nothing of commands.

#include <regctl/formats/v1_storage.hpp>
#include <regctl/objects/buckets.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::registry::v1 {
class Registry;
}

namespace regctl::server {

/// Throws Error{usage} for a text that is neither NAME nor NAME:PORT.
void check_host_name(std::string_view host);

enum class LogFormat { combined, json };

struct ServerOptions {
  std::string listen = "127.0.0.1:5000"; ///< ADDRESS:PORT; port 0 takes a free one
  std::string storage; ///< the tree's folder, or s3://BUCKET/PREFIX; made if it is not there
  std::optional<objects::BucketSettings> bucket; ///< of `storage`, if it is in a bucket
  /// Answers a GET of a layer in a bucket by a redirect to the bucket's server, which must be one
  /// that clients reach.
  bool redirect = false;
  std::vector<std::string> hosts; ///< the server's own names, "NAME" or "NAME:PORT"; empty: any
  bool read_only = false;
  bool open = false;             ///< allow listening beyond loopback without TLS or without users
  std::string tls_cert;          ///< PEM file with the chain; empty: plain HTTP
  std::string tls_key;           ///< PEM file
  std::string htpasswd;          ///< file of users; empty: every client may do everything
  bool public_read = false;      ///< with users: all may read repositories that are not private
  bool require_checksum = false; ///< accept no layer without a checksum at the mirror's source
  bool search = true;
  std::string access_log; ///< file, "-" for standard output, "" for none
  LogFormat log_format = LogFormat::combined;
  std::size_t connections = 512;
  std::chrono::seconds timeout{60};
  std::string issue = "docker-registry server"; ///< the text that "/" answers
};

/// The server's connections to the rest of the program.
struct ServerSeams {
  /// Returns the registry that missing images are fetched from; empty: there is none. May throw
  /// while that registry is unreachable.
  std::function<registry::v1::Registry&()> mirror_source;
  /// Opens ServerOptions::storage.
  std::function<std::shared_ptr<V1Storage>(const std::string& path, V1Storage::Missing missing)>
      open_storage;
  /// Passes a sentence on to the server's operator. Called from any thread.
  std::function<void(const std::string&)> note;
};

/// The registry server. It serves from construction on, on its own threads.
class Server {
public:
  /// Throws Error{usage} for invalid options (a listener beyond loopback without `open`, a
  /// malformed certificate), Error{unavailable} for an address in use, and the errors of
  /// V1Storage::open().
  Server(ServerOptions options, ServerSeams seams);
  ~Server(); ///< closes every connection
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept;
  /// Their number; nothing as long as it is not known.
  [[nodiscard]] std::optional<std::size_t> repositories() const;

  /// Serves until SIGTERM or SIGINT. After the first one no further requests are accepted, and this
  /// returns when the running ones are done; after a second one it returns at once. SIGHUP opens
  /// the log again and reads certificate, key and users again; an error is noted, and the old ones
  /// stay in use. The signals must be blocked in all threads: call block_signals() before starting
  /// the first one.
  void run_until_told();

  /// Blocks the signals of run_until_told() in this thread and in threads that it starts later.
  static void block_signals();

private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

} // namespace regctl::server
