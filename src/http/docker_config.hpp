// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/json.hpp>
#include <regctl/http/credentials.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace regctl::http {

/// Docker's config.json and what is written like it (podman's auth.json, ~/.dockercfg), read once
/// and written back whole with what we do not know in it.
class DockerConfig {
public:
  /// A file that is missing is an empty one. Throws Error{usage} naming the file if it is no JSON
  /// object, Error{local_io} if it cannot be read.
  explicit DockerConfig(std::filesystem::path file);

  /// The same of a text; `name` is what messages call it.
  DockerConfig(const std::string& text, const std::string& name);

  [[nodiscard]] const std::filesystem::path& file() const noexcept { return file_; }

  /// The helper (the part after "docker-credential-") that is configured for `host` alone.
  [[nodiscard]] std::optional<std::string> host_helper(const std::string& host) const;
  /// The one for `host`, or else for all.
  [[nodiscard]] std::optional<std::string> helper(const std::string& host) const;

  /// The credential of `auths`, or of the whole document for ~/.dockercfg.
  [[nodiscard]] std::optional<Credential> find(const std::string& host) const;

  /// The same of `repository` ("team/app") or the nearest namespace around it that has an entry.
  [[nodiscard]] std::optional<Credential> find_repository(const std::string& host,
                                                          const std::string& repository) const;
  /// The same of the first repository or namespace of `host` that has an entry.
  [[nodiscard]] std::optional<Credential> find_any_repository(const std::string& host) const;

  /// What is wrong with who may read or write the file, as a sentence; nothing if all is well. That
  /// others read it matters where there are passwords in it; who writes it has programs run as us.
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
