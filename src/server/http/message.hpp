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

/// A client's request, as far as it is known before its body. Valid while it is handled.
class Request {
public:
  virtual ~Request() = default;

  std::string method; ///< "GET"; HEAD stays "HEAD"
  std::string path;   ///< decoded: "/v1/repositories/team/deep/name/tags"

  /// The value of a header, whose name is compared ignoring case; nothing if it was not sent.
  [[nodiscard]] virtual std::optional<std::string> header(const char* name) const = 0;
  /// The decoded value of a query parameter ("" for one without value).
  [[nodiscard]] virtual std::optional<std::string> query(const char* name) const = 0;
  /// The client's address: "127.0.0.1" or "::1".
  [[nodiscard]] virtual std::string peer() const = 0;
  /// The size of the body if the client sent it; nothing for a chunked body.
  [[nodiscard]] virtual std::optional<std::uint64_t> body_bytes() const = 0;
  /// Whether the client uses TLS.
  [[nodiscard]] virtual bool is_secure() const = 0;
  /// Throws Error{interrupted} if no client is left to read the answer, since it has closed its
  /// connection or its side of it. Throws Error{unavailable} once the server is stopping. Long work
  /// should call this repeatedly.
  virtual void check_wanted() const = 0;
};

struct Header {
  std::string name;
  std::string value;
};

/// Part of a file, sent by sendfile() unless TLS is in use.
struct FilePart {
  std::shared_ptr<const FileDescriptor> fd; // shared with what else reads the file
  std::uint64_t offset = 0;
  std::uint64_t size_bytes = 0;
};

/// The answer, with at most one kind of body.
struct Response {
  int status = 200;
  std::vector<Header> headers;
  std::string text;
  std::optional<FilePart> file;
  std::unique_ptr<Source> stream; ///< read while it is sent; an error closes the connection early
  std::optional<std::uint64_t> stream_bytes;
};

/// The handling of one request: it receives the body and then makes the answer. Called on one
/// thread. An Error thrown by a function becomes the answer.
class Handler {
public:
  virtual ~Handler() = default;

  /// Whether the body, or more of it after a piece, is wanted. If not, answer() is called as soon
  /// as the client can take an answer.
  [[nodiscard]] virtual bool wants_body() const { return false; }
  virtual void receive(std::span<const std::byte>) {}
  virtual Response answer() = 0;
};

/// All requests that a server answers. Thread-safe.
class Application {
public:
  virtual ~Application() = default;

  /// Called when a request's headers are complete; `request` outlives the handler.
  virtual std::unique_ptr<Handler> begin(const Request& request) = 0;

  /// The answer to a request whose handling threw `error`.
  virtual Response explain(const Request& request, const Error& error) noexcept = 0;

  /// Called at the end of a request. `sent_bytes` is the size of the answer's body, 0 if it was not
  /// sent completely; `status` is 0 if there was no answer.
  virtual void done(const Request& request, int status, std::uint64_t sent_bytes,
                    std::uint64_t received_bytes, double seconds) noexcept = 0;
};

} // namespace regctl::server
