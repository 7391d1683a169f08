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

/// A Docker engine, used through its API (docker-daemon:NAME:TAG). Thread-safe. Source: Docker
/// Engine API, "Export an image" and "Import images", which every engine has.
class DockerEngine {
public:
  /// The engine at $DOCKER_HOST (unix:// or tcp://), else at /var/run/docker.sock. The constructor
  /// pings it, so that a missing engine is noticed before any data are moved. Throws
  /// Error{unavailable} if it does not answer, Error{usage} for another kind of $DOCKER_HOST.
  /// `transport` must outlive this.
  explicit DockerEngine(http::Transport& transport);

  /// For messages: "the Docker engine at unix:///var/run/docker.sock".
  [[nodiscard]] const std::string& describe() const noexcept { return description_; }

  /// `docker save NAME`: streams the archive. Throws Error{not_found} if there is no such image.
  std::unique_ptr<Source> save(const std::string& name);

  /// `docker load`: sends an archive. Throws Error{protocol} with the engine's message if the
  /// engine refuses it.
  void load(const OpenSource& archive, std::uint64_t size_bytes);

private:
  http::Response send(const http::Request& request);

  http::Transport& transport_;
  http::Url base_;
  std::string description_;
};

} // namespace regctl::registry
