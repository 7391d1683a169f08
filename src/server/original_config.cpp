// SPDX-License-Identifier: Apache-2.0
#include "server/original_bucket.hpp"
#include "server/original_values.hpp"

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
constexpr const char* k_supported =
    "supported are storage in folders (dev, local, test) and in buckets (s3, ceph-s3, prod, "
    "cloudfronts3, gcs, oss, swift)";

bool is_false(const std::string& text) {
  const auto word = lower(text);
  return word == "false" || word == "no" || word == "off" || word == "0";
}

[[noreturn]] void refuse_storage(const std::string& setting, const std::string& storage) {
  const auto hint = hint_for_storage(storage);
  refuse_setting(setting, storage, hint.empty() ? k_supported : hint);
}

/// Refuses settings with which docker-registry would behave differently.
void check_the_rest(const OriginalValues& values) {
  if (is_false(values.get("standalone", "STANDALONE"))) {
    refuse_setting("standalone", "false", "this registry is its own index: leave the setting out");
  }
  constexpr std::array<std::array<const char*, 2>, 2> k_unsupported = {
      {{"privileged_key", "PRIVILEGED_KEY"}, {"cors.origins", "CORS_ORIGINS"}}};
  for (const auto& [name, variable] : k_unsupported) {
    if (const auto value = values.get(name, variable); !value.empty() && !is_false(value)) {
      refuse_setting(name, value, "leave it out");
    }
  }
}

void apply_search(const std::string& backend, ServerOptions& options) {
  // Search is on if the setting is missing: the index needs no database.
  if (backend == "none" || is_false(backend)) {
    options.search = false;
  } else if (!backend.empty() && backend != "sqlalchemy" && lower(backend) != "true") {
    refuse_setting("search_backend", backend, "leave it out for the built-in search, or say none");
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

/// The storage of a flavor of docker-registry's sample configuration, and where it keeps its images
/// unless it is told.
struct Flavor {
  std::string_view name;
  std::string_view storage;
  std::string_view path;
};

constexpr std::array<Flavor, 17> k_flavors = {{
    {"", "local", ""},
    {"dev", "local", ""},
    {"local", "local", ""},
    {"test", "local", ""},
    {"common", "local", ""},
    {"s3", "s3", "/registry"},
    {"cloudfronts3", "cloudfronts3", "/registry"},
    {"ceph-s3", "s3", "/registry"},
    {"prod", "s3", "/prod"},
    {"gcs", "gcs", "/registry"},
    {"oss", "alioss", "/registry"},
    {"swift", "swift", "/registry"},
    {"azureblob", "azureblob", ""},
    {"glance", "glance", ""},
    {"openstack", "glance", ""},
    {"glance-swift", "glance", ""},
    {"elliptics", "elliptics", ""},
}};

/// Without a file only these are known.
const Flavor& find_flavor(const std::string& name) {
  for (const auto& flavor : k_flavors) {
    if (flavor.name == name) {
      return flavor;
    }
  }
  throw Error(ErrorKind::unsupported, "the flavor " + name + " is not supported", k_supported);
}

S3Defaults defaults_of(const std::string& flavor) {
  return flavor == "ceph-s3" ? S3Defaults::ceph : S3Defaults::amazon;
}

void apply_storage(const std::string& setting, const std::string& storage, const std::string& path,
                   const OriginalValues& values, S3Defaults defaults, ServerOptions& options) {
  options.redirect = values.is_true("storage_redirect", "STORAGE_REDIRECT", false);
  if (is_bucket_storage(storage)) {
    read_original_bucket(storage, path, values, defaults, options);
    options.redirect = options.redirect || storage == "cloudfronts3";
  } else if (storage != "local" && storage != "file") {
    refuse_storage(setting, storage);
  } else if (options.redirect) {
    refuse_setting("storage_redirect", "true", "leave it out: a folder has no server of its own");
  } else {
    options.storage = path;
  }
}

void apply(const OriginalValues& values, ServerOptions& options, OriginalSettings& settings) {
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

std::optional<objects::BucketSettings> find_original_bucket(const Environment& environment) {
  auto flavor = environment("SETTINGS_FLAVOR").value_or("");
  if (flavor.empty()) {
    const bool has_host = !environment("AWS_HOST").value_or("").empty();
    const bool has_endpoint = environment("AWS_ENDPOINT_URL") || environment("AWS_ENDPOINT_URL_S3");
    if (!has_host || has_endpoint) {
      return std::nullopt;
    }
    flavor = "s3";
  }
  const auto* known = std::find_if(k_flavors.begin(), k_flavors.end(),
                                   [&](const auto& other) { return other.name == flavor; });
  const std::string storage(known == k_flavors.end() ? "" : known->storage);
  return is_bucket_storage(storage) ? std::optional(read_bucket_settings(
                                          storage, {nullptr, environment}, defaults_of(flavor)))
                                    : std::nullopt;
}

OriginalSettings read_original_settings(const std::string& file, const Environment& environment,
                                        ServerOptions& options) {
  OriginalSettings settings;
  if (const auto port = environment("REGISTRY_PORT").value_or(""); !port.empty()) {
    options.listen = "127.0.0.1:" + port;
  }
  const auto flavor = environment("SETTINGS_FLAVOR").value_or("");
  if (file.empty()) {
    const auto& known = find_flavor(flavor);
    if (environment("STORAGE_PATH") == "") {
      throw Error(ErrorKind::usage, "the variable STORAGE_PATH is empty",
                  "let it name the storage tree, or unset it");
    }
    const OriginalValues values(nullptr, environment);
    apply_storage("SETTINGS_FLAVOR", std::string(known.storage),
                  environment("STORAGE_PATH").value_or(std::string(known.path)), values,
                  defaults_of(flavor), options);
    apply(values, options, settings);
    return settings;
  }
  const auto document = parse_yaml(read_file(file, k_file_limit_bytes), "'" + file + "'");
  const auto& chosen = choose_flavor(document, file, flavor.empty() ? "dev" : flavor);
  const OriginalValues values(&chosen, environment);
  const auto storage = values.get("storage", "");
  const auto path = values.get("storage_path", "");
  apply_storage("storage", storage.empty() ? "local" : storage, path, values, S3Defaults::amazon,
                options);
  if (is_bucket_storage(storage) && path.empty()) {
    throw Error(ErrorKind::usage, "'" + file + "' names no storage_path",
                "write storage_path there; / stands for the whole bucket");
  }
  apply(values, options, settings);
  return settings;
}

} // namespace regctl::server
