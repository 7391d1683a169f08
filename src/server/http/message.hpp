// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/base/stream.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::server {

/// What a client asks, as far as it is known before the body. Valid while the request is handled.
class Request {
public:
  virtual ~Request() = default;

  std::string method; ///< "GET"; HEAD is told as such
  std::string path;   ///< decoded: "/v1/repositories/team/deep/name/tags"

  /// The value of a header, its name in any case; nothing if it was not sent.
  [[nodiscard]] virtual std::optional<std::string> header(const char* name) const = 0;
  /// The decoded value of a member of the query ("" for one without value).
  [[nodiscard]] virtual std::optional<std::string> query(const char* name) const = 0;
  /// "127.0.0.1" or "::1".
  [[nodiscard]] virtual std::string peer() const = 0;
  /// Of the body, where the client tells it; nothing for a chunked one.
  [[nodiscard]] virtual std::optional<std::uint64_t> body_bytes() const = 0;
  /// Whether the client came by TLS.
  [[nodiscard]] virtual bool is_secure() const = 0;
  /// Throws Error{interrupted} where nobody is left to read the answer: the client has closed its
  /// connection, or its side of it; Error{unavailable} once the server is ending. For what takes
  /// long, to be called again and again.
  virtual void check_wanted() const = 0;
};

struct Header {
  std::string name;
  std::string value;
};

/// Part of a file, sent by sendfile() where there is no TLS.
struct FilePart {
  FileDescriptor fd;
  std::uint64_t offset = 0;
  std::uint64_t size_bytes = 0;
};

/// What is answered: one kind of body, or none.
struct Response {
  int status = 200;
  std::vector<Header> headers;
  std::string text;
  std::optional<FilePart> file;
  std::unique_ptr<Source> stream; ///< read while it is sent; an error cuts the connection
  std::optional<std::uint64_t> stream_bytes;
};

/// One request being handled: its body is handed in, then the answer is asked for. Called on one
/// thread. An Error that leaves a function becomes an answer.
class Handler {
public:
  virtual ~Handler() = default;

  /// Whether the body is wanted, or more of it after a piece; if not, the answer is asked for as
  /// soon as the client can be given one.
  [[nodiscard]] virtual bool wants_body() const { return false; }
  virtual void receive(std::span<const std::byte>) {}
  virtual Response answer() = 0;
};

/// Everything that can be asked. Thread-safe.
class Application {
public:
  virtual ~Application() = default;

  /// Called when a request's headers are there; `request` outlives the handler.
  virtual std::unique_ptr<Handler> begin(const Request& request) = 0;

  /// The answer to a request in whose handling `error` was thrown.
  virtual Response explain(const Request& request, const Error& error) noexcept = 0;

  /// The request is over. `sent_bytes` is the size of the answer's body, 0 if it was cut;
  /// `status` 0 if there was no answer.
  virtual void done(const Request& request, int status, std::uint64_t sent_bytes,
                    std::uint64_t received_bytes, double seconds) noexcept = 0;
};

} // namespace regctl::server
