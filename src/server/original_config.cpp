// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/base/text.hpp>
#include <regctl/base/yaml.hpp>
#include <regctl/server/original_config.hpp>

#include <algorithm>
#include <array>

namespace regctl::server {

namespace {

constexpr std::uint64_t k_file_limit_bytes = 1024 * 1024;
constexpr std::string_view k_env = "_env:";
constexpr const char* k_supported =
    "supported are the flavors dev, local and test, or any with 'storage: local'";

bool is_false(const std::string& text) {
  const auto word = lower(text);
  return word == "false" || word == "no" || word == "off" || word == "0";
}

/// Settings by name, with "_env:" references resolved. The name of a nested one is its path:
/// "mirroring.source".
class Values {
public:
  Values(const Yaml* flavor, const Environment& environment)
      : flavor_(flavor), environment_(environment) {}

  /// The value; "" if it is not set, null or empty.
  [[nodiscard]] std::string get(const std::string& name, const std::string& variable) const {
    const auto* value = find(name);
    if (flavor_ == nullptr) {
      return environment_(variable).value_or("");
    }
    if (value == nullptr || value->kind != Yaml::Kind::scalar || value->scalar == "~") {
      return {};
    }
    return evaluate(value->scalar);
  }

private:
  [[nodiscard]] const Yaml* find(const std::string& name) const {
    const auto* value = flavor_;
    for (std::size_t begin = 0; value != nullptr && begin <= name.size();) {
      const auto end = std::min(name.find('.', begin), name.size());
      value = value->find(name.substr(begin, end - begin));
      begin = end + 1;
    }
    return value;
  }

  /// Resolves "_env:NAME:default".
  [[nodiscard]] std::string evaluate(const std::string& text) const {
    if (!text.starts_with(k_env)) {
      return text;
    }
    const auto rest = text.substr(k_env.size());
    const auto colon = rest.find(':');
    const auto fallback = colon == std::string::npos ? std::string() : rest.substr(colon + 1);
    return environment_(rest.substr(0, colon)).value_or(fallback);
  }

  const Yaml* flavor_; ///< nullptr: only the environment counts
  const Environment& environment_;
};

[[noreturn]] void refuse(const std::string& setting, const std::string& value,
                         const std::string& hint) {
  throw Error(ErrorKind::unsupported, "the setting " + setting + ": " + value + " is not supported",
              hint);
}

void check_storage(const std::string& storage) {
  if (storage != "local" && storage != "file") {
    refuse("storage", storage,
           std::string(k_supported) + "; copy the bucket's images/ and repositories/ to a folder");
  }
}

/// Refuses settings with which docker-registry would behave differently.
void check_the_rest(const Values& values) {
  if (is_false(values.get("standalone", "STANDALONE"))) {
    refuse("standalone", "false", "this registry is its own index: leave the setting out");
  }
  constexpr std::array<std::array<const char*, 2>, 3> k_unsupported = {
      {{"storage_redirect", "STORAGE_REDIRECT"},
       {"privileged_key", "PRIVILEGED_KEY"},
       {"cors.origins", "CORS_ORIGINS"}}};
  for (const auto& [name, variable] : k_unsupported) {
    if (const auto value = values.get(name, variable); !value.empty() && !is_false(value)) {
      refuse(name, value, "leave it out");
    }
  }
}

void apply_search(const std::string& backend, ServerOptions& options) {
  // Search is on if the setting is missing: the index needs no database.
  if (backend == "none" || is_false(backend)) {
    options.search = false;
  } else if (!backend.empty() && backend != "sqlalchemy" && lower(backend) != "true") {
    refuse("search_backend", backend, "leave it out for the built-in search, or say none");
  }
}

const Yaml& choose_flavor(const Yaml& document, const std::string& file, const std::string& name) {
  const auto* flavor = document.find(name);
  if (flavor != nullptr && flavor->kind == Yaml::Kind::map) {
    return *flavor;
  }
  std::string known;
  for (const auto& member : document.members) {
    known += (known.empty() ? "" : ", ") + member.key;
  }
  throw Error(ErrorKind::usage, "'" + file + "' has no flavor " + name,
              "SETTINGS_FLAVOR names one of: " + known);
}

/// Without a file only the flavors of docker-registry's sample configuration are known.
void check_flavor_name(const std::string& flavor) {
  for (const auto* known : {"", "dev", "local", "test", "common"}) {
    if (flavor == known) {
      return;
    }
  }
  throw Error(ErrorKind::unsupported, "the flavor " + flavor + " is not supported", k_supported);
}

void apply(const Values& values, ServerOptions& options, OriginalSettings& settings) {
  options.storage = values.get("storage_path", "STORAGE_PATH");
  if (auto issue = values.get("issue", ""); !issue.empty()) {
    issue.erase(std::remove(issue.begin(), issue.end(), '"'), issue.end());
    options.issue = std::move(issue);
  }
  apply_search(values.get("search_backend", "SEARCH_BACKEND"), options);
  settings.verbose = lower(values.get("loglevel", "LOGLEVEL")) == "debug";
  settings.mirror_source = values.get("mirroring.source", "MIRROR_SOURCE");
  check_the_rest(values);
}

} // namespace

OriginalSettings read_original_settings(const std::string& file, const Environment& environment,
                                        ServerOptions& options) {
  OriginalSettings settings;
  if (const auto port = environment("REGISTRY_PORT").value_or(""); !port.empty()) {
    options.listen = "127.0.0.1:" + port;
  }
  const auto flavor = environment("SETTINGS_FLAVOR").value_or("");
  if (file.empty()) {
    check_flavor_name(flavor);
    if (environment("STORAGE_PATH") == "") {
      throw Error(ErrorKind::usage, "the variable STORAGE_PATH is empty",
                  "let it name the storage tree, or unset it");
    }
    apply(Values(nullptr, environment), options, settings);
    return settings;
  }
  const auto document = parse_yaml(read_file(file, k_file_limit_bytes), "'" + file + "'");
  const auto& chosen = choose_flavor(document, file, flavor.empty() ? "dev" : flavor);
  const Values values(&chosen, environment);
  const auto storage = values.get("storage", "");
  check_storage(storage.empty() ? "local" : storage);
  apply(values, options, settings);
  return settings;
}

} // namespace regctl::server
