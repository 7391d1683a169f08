// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/environment.hpp>
#include <regctl/base/quantity.hpp>
#include <regctl/http/credentials.hpp>
#include <regctl/http/settings.hpp>
#include <regctl/ops/mirror/rules.hpp>
#include <regctl/ops/places/endpoint.hpp>

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::ops::mirror {

/// What is mirrored where: one item of the file's "mirrors", or what the command line says.
struct MirrorJob {
  Endpoint source;
  Endpoint destination;
  Rules rules;
  std::string repositories_from; ///< a file with a name a line, or lines of a plan or of failures,
                                 ///< "-" for stdin; "": from listings

  /// Whether it is less, or other, than all of the source under the same names.
  [[nodiscard]] bool has_rules() const noexcept {
    return rules.shape_repositories() || !rules.repositories.include.empty() ||
           !rules.repositories.exclude.empty() || !repositories_from.empty();
  }
};

/// Where the credential of a registry is, never the credential itself.
struct CredentialReference {
  std::string username;      ///< or
  std::string username_env;  ///< the variable that has it
  std::string password_file; ///< its first line is the password; or
  std::string password_env;  ///< the variable that has it

  bool operator==(const CredentialReference&) const = default;
};

/// How one registry is to be treated, and reached.
struct RegistryOptions {
  http::RegistrySettings access;
  /// Nothing: looked for as by every command, in Docker's configuration at last.
  std::optional<CredentialReference> credential;
  std::optional<std::size_t> jobs; ///< layers in flight to or from it
  std::optional<double> requests_per_second;
  Bandwidth bandwidth;
};

/// What holds for a run as a whole; each but the flags may be missing.
struct RunOptions {
  std::optional<std::size_t> jobs;
  Bandwidth bandwidth;
  bool gentle = false;
  bool fail_fast = false;
  bool require_checksum = false;
  bool strict = false;        ///< --strict
  std::string report;         ///< --report FILE
  std::string failures;       ///< --failures FILE
  std::string state;          ///< --state FILE
  std::string metrics_file;   ///< --metrics-file FILE
  std::string listen_metrics; ///< --listen-metrics ADDR:PORT
};

/// A mirror file (regctl-mirror(5)).
struct MirrorConfig {
  std::vector<MirrorJob> mirrors;
  std::map<std::string, RegistryOptions> registries; ///< by "host:port"
  RunOptions run;
};

/// Reads a mirror file; `file` names it in messages. "${NAME}" in a value is looked up in
/// `environment`. Throws Error{usage} with all mistakes that are in the file, each with line and
/// key; what came from the environment is never part of a message.
MirrorConfig parse_mirror_config(const std::string& text, std::string_view file,
                                 const Environment& environment);

/// The same for a file that is to be run here: the files and variables that it names (certificates,
/// passwords) have to be there too, and are among the mistakes if they are not.
MirrorConfig parse_runnable_config(const std::string& text, std::string_view file,
                                   const Environment& environment);

/// Follows `reference`. Throws Error{usage} naming the variable that is not set, and what reading
/// the password's file throws.
http::Credential resolve_credential(const CredentialReference& reference,
                                    const Environment& environment);

} // namespace regctl::ops::mirror
