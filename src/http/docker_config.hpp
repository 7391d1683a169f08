// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/json.hpp>
#include <regctl/http/credentials.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace regctl::http {

/// Docker's config.json, read once and written back whole with what we do not know in it.
class DockerConfig {
public:
  /// A file that is missing is an empty one. Throws Error{usage} naming the file if it is no JSON
  /// object.
  explicit DockerConfig(std::filesystem::path file);

  [[nodiscard]] const std::filesystem::path& file() const noexcept { return file_; }

  /// The helper (the part after "docker-credential-") that is configured for `host`, or for all.
  [[nodiscard]] std::optional<std::string> helper(const std::string& host) const;

  /// The credential of `auths`, or of the whole document for ~/.dockercfg.
  [[nodiscard]] std::optional<Credential> find(const std::string& host) const;

  void set(const std::string& host, const Credential& credential);
  /// False if there was nothing to remove.
  bool erase(const std::string& host);
  /// Writes the file: atomically, mode 0600 if it is new.
  void save() const;

private:
  std::filesystem::path file_;
  Json document_;
};

/// The keys under which Docker's versions stored a host: the host itself, with a scheme, with
/// "/v1/" or
/// "/v2/" behind; for docker.io its index.
std::vector<std::string> config_keys(const std::string& host);

} // namespace regctl::http
