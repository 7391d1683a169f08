// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/stream.hpp>
#include <regctl/http/message.hpp>
#include <regctl/http/transport.hpp>
#include <regctl/http/url.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace regctl::registry {

/// An image that an engine has.
struct EngineImage {
  std::string id;                          ///< "sha256:…"; of engines before 1.10 64 hex digits
  std::vector<std::string> names;          ///< "team/app:1.0", as the engine writes them
  std::optional<std::int64_t> created_s;   ///< seconds since 1970
  std::optional<std::uint64_t> size_bytes; ///< of its files, unpacked
};

/// A Docker engine, used through its API (docker-daemon:NAME:TAG), or podman by the same API.
/// Thread-safe. Source: Docker Engine API, "Export an image", "Import images", "List images", "Tag
/// an image" and "Remove an image", which every engine has.
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

  /// `docker images`: all but those that only other images build on. Throws Error{protocol} for an
  /// answer that is none.
  std::vector<EngineImage> list();

  /// `docker tag IMAGE REPOSITORY:TAG`. `image` is a name or an ID, `repository` "host:5000/app".
  /// Throws Error{not_found} if there is no such image.
  void tag(const std::string& image, const std::string& repository, const std::string& tag);

  /// `docker rmi NAME`: the image goes with its last name. Throws Error{not_found},
  /// Error{unsupported} if a container uses it.
  void remove(const std::string& name);

private:
  http::Response send(const http::Request& request);
  [[noreturn]] void throw_no_image(const std::string& name, http::Response& response) const;

  http::Transport& transport_;
  http::Url base_;
  std::string description_;
};

} // namespace regctl::registry
