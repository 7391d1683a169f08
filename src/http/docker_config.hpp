// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/json.hpp>
#include <regctl/http/credentials.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace regctl::http {

/// Docker's config.json and files of the same form (podman's auth.json, ~/.dockercfg). Read once;
/// written back whole, unknown members included.
class DockerConfig {
public:
  /// A missing file counts as an empty one. Throws Error{usage} naming the file if it is not a JSON
  /// object, Error{local_io} if it cannot be read.
  explicit DockerConfig(std::filesystem::path file);

  /// The same from a text; `name` is its name in messages.
  DockerConfig(const std::string& text, const std::string& name);

  [[nodiscard]] const std::filesystem::path& file() const noexcept { return file_; }

  /// The helper (the part after "docker-credential-") that is configured for `host` alone.
  [[nodiscard]] std::optional<std::string> host_helper(const std::string& host) const;
  /// The helper for `host`, else the one for all hosts.
  [[nodiscard]] std::optional<std::string> helper(const std::string& host) const;

  /// The credential for `host` in `auths`, or at the top of ~/.dockercfg.
  [[nodiscard]] std::optional<Credential> find(const std::string& host) const;

  /// The same for `repository` ("team/app") or the nearest namespace around it that has an entry.
  [[nodiscard]] std::optional<Credential> find_repository(const std::string& host,
                                                          const std::string& repository) const;
  /// The same for the first repository or namespace of `host` that has an entry.
  [[nodiscard]] std::optional<Credential> find_any_repository(const std::string& host) const;

  /// A sentence about unsafe permissions of the file; nothing if they are safe. Other users must
  /// not read passwords in it. They must not write it either, because it names programs that regctl
  /// runs.
  [[nodiscard]] std::optional<std::string> exposure() const;

  void set(const std::string& host, const Credential& credential);
  /// False if there was nothing to remove.
  bool erase(const std::string& host);
  /// Writes the file: atomically, mode 0600 if it is new.
  void save() const;

private:
  [[nodiscard]] const Json& entries() const;
  [[nodiscard]] std::optional<Credential> read(const std::string& key, const Json& entry,
                                               const std::string& host) const;
  [[nodiscard]] bool has_passwords() const;

  std::filesystem::path file_; ///< empty for a text
  std::string name_;
  Json document_;
};

/// The key under which a host is stored: the host itself, for docker.io its index.
std::string config_key(const std::string& host);

} // namespace regctl::http
