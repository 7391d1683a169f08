// SPDX-License-Identifier: Apache-2.0
#include "ops/mirror/config_registries.hpp"

#include <regctl/base/file.hpp>
#include <regctl/base/quantity.hpp>

namespace regctl::ops::mirror {

namespace {

constexpr std::uint64_t k_password_limit_bytes = 64 * 1024;

double parse_request_rate(const std::string& text) {
  const auto rate = parse_decimal(text);
  if (!rate || *rate <= 0 || *rate > 1e6) {
    throw Error(ErrorKind::usage, "'" + text + "' is not a number of requests a second");
  }
  return *rate;
}

void read_file_name(ConfigSection& section, std::string_view key, std::string& target) {
  section.read(key, target,
               [&](const std::string& text) { return section.reader().parse_file(text); });
}

void read_variable(ConfigSection& section, std::string_view key, std::string& target) {
  section.read(key, target,
               [&](const std::string& text) { return section.reader().parse_variable(text); });
}

void read_credential_members(ConfigSection& section, CredentialReference& credential) {
  section.read("username", credential.username, parse_text);
  read_variable(section, "username_env", credential.username_env);
  read_file_name(section, "password_file", credential.password_file);
  read_variable(section, "password_env", credential.password_env);
  if (const auto* password = section.take("password")) {
    section.reader().complain(section.spot_of(*password),
                              "does not belong in a file that is shared: write password_file or "
                              "password_env");
  }
  const auto count = [&](std::string_view one, std::string_view other) {
    return (section.take(one) != nullptr ? 1 : 0) + (section.take(other) != nullptr ? 1 : 0);
  };
  if (count("username", "username_env") != 1) {
    section.reader().complain(section.spot(), "needs one of username and username_env");
  }
  if (count("password_file", "password_env") != 1 && section.take("password") == nullptr) {
    section.reader().complain(section.spot(), "needs one of password_file and password_env");
  }
}

void read_credential(ConfigSection& section, std::optional<CredentialReference>& credential) {
  const auto* member = section.take("credentials");
  if (member == nullptr) {
    return;
  }
  if (member->value.kind == Yaml::Kind::scalar && member->value.scalar == "docker") {
    return;
  }
  const auto spot = section.spot_of(*member);
  if (member->value.kind != Yaml::Kind::map) {
    section.reader().complain(spot, "is neither 'docker' nor a mapping");
    return;
  }
  ConfigSection inner(member->value, spot, section.reader());
  read_credential_members(inner, credential.emplace());
  inner.finish();
}

RegistryOptions read_registry(ConfigSection& section) {
  RegistryOptions options;
  auto& access = options.access;
  read_credential(section, options.credential);
  section.read("insecure", access.insecure, parse_flag);
  section.read("plain_http", access.plain_http, parse_flag);
  read_file_name(section, "ca_file", access.ca_file);
  read_file_name(section, "client_cert", access.client_cert);
  read_file_name(section, "client_key", access.client_key);
  if (section.take("client_key") != nullptr && section.take("client_cert") == nullptr) {
    section.reader().complain(section.spot(), "has a client_key without a client_cert");
  }
  section.read("tls_min", access.tls_min, http::parse_tls_version);
  section.read("endpoints", access.endpoints, http::parse_endpoint_trust);
  section.read("jobs", options.jobs, parse_jobs);
  section.read("requests_per_second", options.requests_per_second, parse_request_rate);
  read_bandwidth(section, options.bandwidth);
  section.finish();
  return options;
}

/// YAML reads an unquoted "08:00-18:00: 5MB/s" as a mapping. Turns it back into a text.
std::optional<ConfigText> bandwidth_item(const Yaml& yaml, const Spot& spot, ConfigReader& reader) {
  if (yaml.kind != Yaml::Kind::map || yaml.members.size() != 1) {
    return reader.text(yaml, spot);
  }
  const auto& member = yaml.members.front();
  auto rate = reader.text(member.value, spot);
  if (rate) {
    rate->value.insert(0, member.key + ": ");
  }
  return rate;
}

} // namespace

void read_bandwidth(ConfigSection& section, Bandwidth& bandwidth) {
  const auto* member = section.take("bandwidth");
  if (member == nullptr || member->value.kind != Yaml::Kind::list) {
    section.read("bandwidth", bandwidth, parse_bandwidth);
    return;
  }
  const auto spot = section.spot_of(*member);
  ConfigText all;
  for (std::size_t i = 0; i < member->value.items.size(); ++i) {
    const auto& item = member->value.items[i];
    const auto text = bandwidth_item(item, spot.item(i, item.line), section.reader());
    if (!text) {
      return;
    }
    all.value += (i == 0 ? "" : ", ") + text->value;
    all.is_substituted |= text->is_substituted;
  }
  section.reader().attempt(all, spot,
                           [&](const std::string& text) { bandwidth = parse_bandwidth(text); });
}

std::map<std::string, RegistryOptions> read_registries(ConfigSection& section) {
  std::map<std::string, RegistryOptions> registries;
  const auto* all = section.take("registries");
  if (all == nullptr) {
    return registries;
  }
  ConfigSection hosts(all->value, section.spot_of(*all), section.reader());
  for (const auto& member : all->value.members) {
    hosts.take(member.key);
    const auto spot = hosts.spot_of(member);
    ConfigSection inner(member.value, spot, section.reader());
    auto options = read_registry(inner);
    if (const auto host = section.reader().substitute(member.key, spot)) {
      section.reader().attempt(*host, spot, [&](const std::string& text) {
        const auto name = parse_registry_host(text).host;
        if (!registries.emplace(name, std::move(options)).second) {
          throw Error(ErrorKind::usage, "is the same registry as another one");
        }
      });
    }
  }
  return registries;
}

http::Credential resolve_credential(const CredentialReference& reference,
                                    const Environment& environment) {
  const auto look_up = [&](const std::string& variable) {
    const auto value = environment(variable);
    if (!value || value->empty()) {
      throw Error(ErrorKind::usage, "the variable " + variable + " is not set",
                  "the mirror's file takes a user name or password from it");
    }
    return *value;
  };
  http::Credential credential;
  credential.username =
      reference.username_env.empty() ? reference.username : look_up(reference.username_env);
  if (!reference.password_env.empty()) {
    credential.password = http::Secret(look_up(reference.password_env));
    credential.origin = reference.password_env;
    return credential;
  }
  const auto text = read_file(reference.password_file, k_password_limit_bytes);
  const auto password = text.substr(0, text.find_first_of("\r\n"));
  if (password.empty()) {
    throw Error(ErrorKind::usage, "'" + reference.password_file + "' has no password",
                "write it into the first line");
  }
  credential.password = http::Secret(password);
  credential.origin = reference.password_file;
  return credential;
}

} // namespace regctl::ops::mirror
