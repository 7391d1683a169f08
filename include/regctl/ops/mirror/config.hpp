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

/// One mirror: an item of the file's "mirrors", or the arguments of the command line.
struct MirrorJob {
  Endpoint source;
  Endpoint destination;
  Rules rules;
  std::string repositories_from; ///< a file with a name on each line, or lines of a plan or of
                                 ///< failures; "-" for stdin; "": names come from listings

  /// Whether the job has rules: it mirrors less than all of the source, or under other names.
  [[nodiscard]] bool has_rules() const noexcept {
    return rules.shape_repositories() || !rules.repositories.include.empty() ||
           !rules.repositories.exclude.empty() || !repositories_from.empty();
  }
};

/// Where to find the credential of a registry; never the credential itself.
struct CredentialReference {
  std::string username;      ///< or
  std::string username_env;  ///< the variable that holds it
  std::string password_file; ///< a file with the password on its first line; or
  std::string password_env;  ///< the variable that holds the password

  bool operator==(const CredentialReference&) const = default;
};

/// How to reach and treat one registry.
struct RegistryOptions {
  http::RegistrySettings access;
  /// Nothing: the credential is looked up as for every command, last in Docker's configuration.
  std::optional<CredentialReference> credential;
  std::optional<std::size_t> jobs; ///< layers in flight to or from it
  std::optional<double> requests_per_second;
  Bandwidth bandwidth;
};

/// The options of a whole run. All but the flags may be absent.
struct RunOptions {
  std::optional<std::size_t> jobs;
  Bandwidth bandwidth;
  bool gentle = false;
  bool fail_fast = false;
  bool require_checksum = false;
  bool verify_destination = false; ///< --verify-destination
  bool strict = false;             ///< --strict
  std::string report;              ///< --report FILE
  std::string failures;            ///< --failures FILE
  std::string map;                 ///< --map FILE
  std::string state;               ///< --state FILE
  std::string metrics_file;        ///< --metrics-file FILE
  std::string listen_metrics;      ///< --listen-metrics ADDR:PORT
};

/// A mirror file (regctl-mirror(5)).
struct MirrorConfig {
  std::vector<MirrorJob> mirrors;
  std::map<std::string, RegistryOptions> registries; ///< by "host:port"
  RunOptions run;
};

/// Reads a mirror file; `file` names it in messages. "${NAME}" in a value is looked up in
/// `environment`. Throws Error{usage} with all mistakes of the file, each with line and key.
/// Messages never contain values from the environment.
MirrorConfig parse_mirror_config(const std::string& text, std::string_view file,
                                 const Environment& environment);

/// Reads a mirror file that is to be run on this machine. The files and variables that it names
/// (certificates, passwords) must exist; missing ones are among the mistakes.
MirrorConfig parse_runnable_config(const std::string& text, std::string_view file,
                                   const Environment& environment);

/// Reads the credential that `reference` points to. Throws Error{usage} naming a variable that is
/// not set, and any error of reading the password's file.
http::Credential resolve_credential(const CredentialReference& reference,
                                    const Environment& environment);

} // namespace regctl::ops::mirror
