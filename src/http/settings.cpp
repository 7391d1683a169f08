// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/environment.hpp>
#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/user_folders.hpp>
#include <regctl/http/settings.hpp>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace regctl::http {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t k_configuration_limit_bytes = 4 * 1024 * 1024;

[[noreturn]] void bad(const fs::path& file, const std::string& what) {
  throw Error(ErrorKind::usage, "configuration '" + file.string() + "': " + what,
              "FILES in regctl(1) describes it");
}

void read_member(const fs::path& file, const std::string& where, const std::string& name,
                 const Json& value, RegistrySettings& settings) {
  const auto flag = [&](bool& target) {
    if (!value.is_boolean()) {
      bad(file, where + "." + name + " is not true or false");
    }
    target = value.get<bool>();
  };
  const auto text = [&](std::string& target) {
    if (!value.is_string()) {
      bad(file, where + "." + name + " is not a string");
    }
    target = value.get<std::string>();
  };
  const auto word = [&](auto& target, auto parse) {
    std::string written;
    text(written);
    try {
      target = parse(written);
    } catch (const Error& error) {
      bad(file, where + "." + name + ": " + error.message());
    }
  };
  if (name == "insecure") {
    flag(settings.insecure);
  } else if (name == "plain_http") {
    flag(settings.plain_http);
  } else if (name == "ca_file") {
    text(settings.ca_file);
  } else if (name == "client_cert") {
    text(settings.client_cert);
  } else if (name == "client_key") {
    text(settings.client_key);
  } else if (name == "tls_min") {
    word(settings.tls_min, parse_tls_version);
  } else if (name == "endpoints") {
    word(settings.endpoints, parse_endpoint_trust);
  } else {
    bad(file, where + "." + name +
                  " is unknown (known: insecure, plain_http, ca_file, client_cert, client_key, "
                  "tls_min, endpoints)");
  }
}

std::map<std::string, RegistrySettings> read_configuration(const fs::path& file) {
  std::map<std::string, RegistrySettings> registries;
  Json document;
  try {
    document = parse_json(read_file(file, k_configuration_limit_bytes), "the text");
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::protocol) {
      bad(file, error.message());
    }
    throw;
  }
  if (!document.is_object()) {
    bad(file, "is not a JSON object");
  }
  for (const auto& [name, member] : document.items()) {
    if (name != "registries" || !member.is_object()) {
      bad(file, name == "registries" ? "registries is not an object" : name + " is unknown");
    }
    for (const auto& [host, settings] : member.items()) {
      const auto where = "registries[\"" + host + "\"]";
      if (!settings.is_object()) {
        bad(file, where + " is not an object");
      }
      for (const auto& [key, value] : settings.items()) {
        read_member(file, where, key, value, registries[host]);
      }
    }
  }
  return registries;
}

/// The path of the configuration, or nothing if there is none.
std::optional<fs::path> find_configuration(const fs::path& named) {
  if (!named.empty()) {
    return named;
  }
  if (auto configured = without_empty(process_environment)("REGCTL_CONFIG")) {
    return *std::move(configured);
  }
  auto usual = own_config_folder() / "regctl" / "config.json";
  std::error_code ignored;
  return fs::exists(usual, ignored) ? std::optional(usual) : std::nullopt;
}

[[noreturn]] void bad_pair(const fs::path& file, const fs::path& missing) {
  throw Error(ErrorKind::usage,
              "'" + file.string() + "' has no '" + missing.filename().string() + "' beside it",
              "*.cert and *.key are a certificate of ours; authorities are *.crt");
}

std::vector<fs::path> list_folder(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> files;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    files.push_back(entry->path());
  }
  std::error_code unknown;
  if (error == std::errc::permission_denied && fs::is_directory(folder, unknown)) {
    throw Error(ErrorKind::usage, "cannot read '" + folder.string() + "': " + error.message());
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// Adds the files in a host's certs.d folder, as far as `settings` has none yet.
void read_certs_folder(const fs::path& folder, RegistrySettings& settings) {
  const bool wants_authorities = settings.ca_file.empty() && settings.certs_d_authorities.empty();
  const bool wants_certificates =
      settings.client_cert.empty() && settings.certs_d_certificates.empty();
  std::error_code error;
  for (const auto& file : list_folder(folder)) {
    auto twin = file;
    if (file.extension() == ".crt" && wants_authorities) {
      settings.certs_d_authorities.push_back(file.string());
    } else if (file.extension() == ".key") {
      if (twin.replace_extension(".cert"); !fs::exists(twin, error)) {
        bad_pair(file, twin);
      }
    } else if (file.extension() == ".cert") {
      if (twin.replace_extension(".key"); !fs::exists(twin, error)) {
        bad_pair(file, twin);
      }
      if (wants_certificates) {
        settings.certs_d_certificates.push_back({file.string(), twin.string()});
      }
    }
  }
}

/// The names for a host in the configuration and in certs.d, the given one first.
std::vector<std::string> names_of(const std::string& host_port) {
  constexpr std::string_view k_https = ":443";
  if (host_port.ends_with(k_https)) {
    return {host_port, host_port.substr(0, host_port.size() - k_https.size())};
  }
  const auto colon = host_port.rfind(':');
  const bool has_port = colon != std::string::npos && !host_port.ends_with(']');
  return has_port ? std::vector<std::string>{host_port}
                  : std::vector<std::string>{host_port, host_port + std::string(k_https)};
}

/// The entry for a host, by the given name or else by the other one.
RegistrySettings find_entry(const std::map<std::string, RegistrySettings>& registries,
                            const std::string& host_port) {
  for (const auto& name : names_of(host_port)) {
    if (const auto found = registries.find(name); found != registries.end()) {
      return found->second;
    }
  }
  return {};
}

} // namespace

TlsVersion parse_tls_version(std::string_view text) {
  constexpr std::array<std::string_view, 4> k_versions = {"1.0", "1.1", "1.2", "1.3"};
  const auto found = std::find(k_versions.begin(), k_versions.end(), text);
  if (found == k_versions.end()) {
    throw Error(ErrorKind::usage, "'" + std::string(text) + "' is not a version of TLS",
                "1.0, 1.1, 1.2 and 1.3 are");
  }
  return static_cast<TlsVersion>(found - k_versions.begin());
}

EndpointTrust parse_endpoint_trust(std::string_view text) {
  if (text != "tokens" && text != "trusted") {
    throw Error(ErrorKind::usage, "'" + std::string(text) + "' does not say what endpoints get",
                "'tokens' sends them no password, 'trusted' does");
  }
  return text == "tokens" ? EndpointTrust::tokens : EndpointTrust::password;
}

Settings Settings::load(const Flags& flags) {
  Settings settings;
  settings.flags_ = flags;
  if (const auto file = find_configuration(flags.config)) {
    settings.registries_ = read_configuration(*file);
  }
  return settings;
}

void Settings::add(const std::string& host_port, const RegistrySettings& settings) {
  auto known = find_entry(registries_, host_port);
  known.insecure = known.insecure || settings.insecure;
  known.plain_http = known.plain_http || settings.plain_http;
  if (settings.tls_min) {
    known.tls_min = settings.tls_min;
  }
  if (settings.endpoints != EndpointTrust::tokens) {
    known.endpoints = settings.endpoints;
  }
  for (const auto member : {&RegistrySettings::ca_file, &RegistrySettings::client_cert,
                            &RegistrySettings::client_key}) {
    if (!(settings.*member).empty()) {
      known.*member = settings.*member;
    }
  }
  registries_[host_port] = std::move(known);
}

RegistrySettings Settings::for_host(const std::string& host_port) const {
  auto settings = find_entry(registries_, host_port);
  settings.insecure = settings.insecure || flags_.insecure;
  settings.plain_http = settings.plain_http || flags_.plain_http;
  if (flags_.tls_min) {
    settings.tls_min = flags_.tls_min;
  }
  for (const auto& [flag, target] : {std::pair(&flags_.ca_file, &settings.ca_file),
                                     std::pair(&flags_.client_cert, &settings.client_cert),
                                     std::pair(&flags_.client_key, &settings.client_key)}) {
    if (!flag->empty()) {
      *target = *flag;
    }
  }
  const std::array<fs::path, 5> owners = {
      own_home_folder() / ".docker", own_config_folder() / "docker",
      own_config_folder() / "containers", "/etc/docker", "/etc/containers"};
  for (const auto& owner : owners) {
    for (const auto& name : names_of(host_port)) {
      read_certs_folder(owner / "certs.d" / name, settings);
    }
  }
  if (!settings.client_key.empty() && settings.client_cert.empty()) {
    throw Error(ErrorKind::usage, "there is a client key for " + host_port + ", and no certificate",
                "name both: --client-cert and --client-key, or client_cert and client_key");
  }
  return settings;
}

} // namespace regctl::http
