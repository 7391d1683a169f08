// SPDX-License-Identifier: Apache-2.0
#pragma once

// server/: the embedded registry of protocol v1: routes and answers over formats' storage tree. The
// only directory that includes libmicrohttpd. It knows nothing of commands.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::registry::v1 {
class Registry;
}

namespace regctl::server {

/// Throws Error{usage} for what is neither NAME nor NAME:PORT.
void check_host_name(std::string_view host);

enum class LogFormat { combined, json };

struct ServerOptions {
  std::string listen = "127.0.0.1:5000"; ///< ADDRESS:PORT; port 0 takes a free one
  std::string storage;                   ///< folder of the tree, made if it is not there
  std::vector<std::string> hosts;        ///< "NAME" or "NAME:PORT" of this server; empty: any
  bool read_only = false;
  bool open = false;        ///< listen beyond loopback without TLS or without users
  std::string tls_cert;     ///< PEM file with the chain; empty: plain HTTP
  std::string tls_key;      ///< PEM file
  std::string htpasswd;     ///< empty: everybody may do everything
  bool public_read = false; ///< with users: repositories that are not private are readable by all
  bool require_checksum = false; ///< take no layer of which the mirror's source tells none
  bool search = true;
  std::string access_log; ///< file, "-" for standard output, "" for none
  LogFormat log_format = LogFormat::combined;
  std::size_t connections = 512;
  std::chrono::seconds timeout{60};
  std::string issue = "docker-registry server"; ///< what "/" answers
};

/// What the server needs from outside itself.
struct ServerSeams {
  /// The registry from which is fetched what is missing here; empty: none. May throw while it
  /// cannot be reached.
  std::function<registry::v1::Registry&()> mirror_source;
  /// Says a sentence to whoever runs the server; called from any thread.
  std::function<void(const std::string&)> note;
};

/// The registry. Serves from construction on, on threads of its own.
class Server {
public:
  /// Throws Error{usage} for options that cannot be (a listener beyond loopback that is not open, a
  /// certificate that is none), Error{unavailable} for an address that is taken, and what
  /// V1Storage::open() throws.
  Server(ServerOptions options, ServerSeams seams);
  ~Server(); ///< ends every connection

  [[nodiscard]] std::uint16_t port() const noexcept;
  [[nodiscard]] std::size_t repositories() const;

  /// Waits for SIGTERM or SIGINT, which takes no further requests and returns when those that run
  /// are done; a second one returns at once. SIGHUP opens the log anew and reads certificate, key
  /// and users again; what fails is noted, and the old ones stay. The signals must be blocked in
  /// all threads: block_signals() before the first thread is started.
  void run_until_told();

  /// Blocks the signals that run_until_told() waits for, in this thread and those it starts.
  static void block_signals();

private:
  class State;
  std::unique_ptr<State> state_;
};

} // namespace regctl::server
