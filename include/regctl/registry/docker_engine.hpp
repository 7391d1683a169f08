// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/stream.hpp>
#include <regctl/http/message.hpp>
#include <regctl/http/transport.hpp>
#include <regctl/http/url.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace regctl::registry {

/// A Docker engine, asked through its API (docker-daemon:NAME:TAG). Thread-safe.
/// Source: Docker Engine API, "Export an image" and "Import images", which every engine has.
class DockerEngine {
public:
  /// The engine at $DOCKER_HOST (unix:// or tcp://), else at /var/run/docker.sock, which is asked
  /// whether it is there: before anything is moved for it. Throws Error{unavailable} if it is not,
  /// Error{usage} for another kind of $DOCKER_HOST. `transport` must outlive this.
  explicit DockerEngine(http::Transport& transport);

  /// For messages: "the Docker engine at unix:///var/run/docker.sock".
  [[nodiscard]] const std::string& describe() const noexcept { return description_; }

  /// `docker save NAME`: the archive as it streams. Throws Error{not_found} if there is no such
  /// image.
  std::unique_ptr<Source> save(const std::string& name);

  /// `docker load`: sends an archive. Throws Error{protocol} with the engine's words if it refuses
  /// it.
  void load(const OpenSource& archive, std::uint64_t size_bytes);

private:
  http::Response send(const http::Request& request);

  http::Transport& transport_;
  http::Url base_;
  std::string description_;
};

} // namespace regctl::registry
