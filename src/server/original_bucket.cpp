// SPDX-License-Identifier: Apache-2.0
#include "server/original_bucket.hpp"

#include <regctl/base/error.hpp>
#include <regctl/model/place.hpp>
#include <regctl/objects/buckets.hpp>

#include <algorithm>
#include <array>
#include <string_view>

namespace regctl::server {

namespace {

using objects::Addressing;
using objects::BucketSettings;

std::string required(const OriginalValues& values, const std::string& name,
                     const std::string& variable) {
  auto value = values.get(name, variable);
  if (value.empty()) {
    throw Error(ErrorKind::usage, "the setting " + name + " is missing: it names the bucket",
                "set the variable " + variable);
  }
  return value;
}

/// A key, if the settings have one. Half a key is an error.
std::optional<http::AwsKey> key_of(const std::string& id, const std::string& secret,
                                   const std::string& names) {
  if (id.empty() && secret.empty()) {
    return std::nullopt; // as boto then looks elsewhere
  }
  if (id.empty() || secret.empty()) {
    throw Error(ErrorKind::usage, "of " + names + " only one is set", "set both");
  }
  return http::AwsKey{id, http::Secret(secret), http::Secret()};
}

http::Url endpoint_at(bool is_secure, const std::string& host, const std::string& port) {
  return http::Url::parse((is_secure ? "https://" : "http://") + host +
                          (port.empty() ? "" : ":" + port));
}

BucketSettings read_s3(const OriginalValues& values, S3Defaults defaults) {
  if (const auto proxy = values.get("boto_proxy", ""); !proxy.empty()) {
    refuse_setting("boto_proxy", proxy, "name the proxy by the variable https_proxy or http_proxy");
  }
  const bool is_amazon = defaults == S3Defaults::amazon;
  BucketSettings settings;
  settings.region = values.get("s3_region", "AWS_REGION");
  settings.encrypt = values.is_true("s3_encrypt", "AWS_ENCRYPT", is_amazon);
  settings.key = key_of(values.get("s3_access_key", "AWS_KEY"),
                        values.get("s3_secret_key", "AWS_SECRET"), "AWS_KEY and AWS_SECRET");
  if (const auto host = values.get("boto_host", "AWS_HOST"); !host.empty()) {
    settings.endpoint = endpoint_at(values.is_true("s3_secure", "AWS_SECURE", is_amazon), host,
                                    values.get("boto_port", "AWS_PORT"));
    const auto format = values.get("boto_calling_format", "AWS_CALLING_FORMAT");
    settings.addressing =
        format.ends_with("SubdomainCallingFormat") ? Addressing::virtual_host : Addressing::path;
  }
  return settings;
}

BucketSettings read_gcs(const OriginalValues& values) {
  if (values.is_true("oauth2", "GCS_OAUTH2", false)) {
    refuse_setting("oauth2", "true", "make an HMAC key, and name it by GCS_KEY and GCS_SECRET");
  }
  BucketSettings settings;
  settings.endpoint =
      endpoint_at(values.is_true("gs_secure", "GCS_SECURE", true), "storage.googleapis.com", "");
  settings.region = "auto";
  settings.addressing = Addressing::path;
  settings.key = key_of(values.get("gs_access_key", "GCS_KEY"),
                        values.get("gs_secret_key", "GCS_SECRET"), "GCS_KEY and GCS_SECRET");
  return settings;
}

/// Aliyun's S3 protocol takes requests to BUCKET.HOST alone. Its region is the host's first label.
BucketSettings read_oss(const OriginalValues& values) {
  auto host = values.get("oss_host", "OSS_HOST");
  host = host.empty() ? "oss.aliyuncs.com" : host;
  BucketSettings settings;
  settings.endpoint = endpoint_at(true, host, "");
  settings.region = host.substr(0, host.find('.'));
  settings.addressing = Addressing::virtual_host;
  settings.key = key_of(values.get("oss_accessid", "OSS_KEY"),
                        values.get("oss_accesskey", "OSS_SECRET"), "OSS_KEY and OSS_SECRET");
  return settings;
}

/// Swift's own S3 protocol, at the host that authenticates: with TempAuth, whose keys are
/// TENANT:USER. Where Keystone does, EC2 credentials stand in AWS_KEY and AWS_SECRET.
BucketSettings read_swift(const OriginalValues& values, const OriginalValues& environment) {
  BucketSettings settings;
  settings.region = values.get("swift_region_name", "OS_REGION_NAME");
  settings.addressing = Addressing::path;
  if (const auto host = environment.get("", "AWS_HOST"); !host.empty()) {
    settings.endpoint = endpoint_at(environment.is_true("", "AWS_SECURE", true), host,
                                    environment.get("", "AWS_PORT"));
  } else {
    const auto url = values.get("swift_authurl", "OS_AUTH_URL");
    if (url.empty()) {
      throw Error(ErrorKind::usage, "the setting swift_authurl is missing",
                  "set the variable OS_AUTH_URL");
    }
    settings.endpoint = http::Url::parse(url);
    settings.endpoint->target = "/";
  }
  settings.key = key_of(environment.get("", "AWS_KEY"), environment.get("", "AWS_SECRET"),
                        "AWS_KEY and AWS_SECRET");
  if (!settings.key) {
    auto user = values.get("swift_user", "OS_USERNAME");
    if (!user.empty()) {
      user = values.get("swift_tenant_name", "OS_TENANT_NAME") + ":" + user;
    }
    settings.key =
        key_of(user, values.get("swift_password", "OS_PASSWORD"), "OS_USERNAME and OS_PASSWORD");
  }
  return settings;
}

struct Hint {
  std::string_view storage;
  std::string_view text;
};

constexpr std::array<Hint, 3> k_hints = {{
    {"azureblob", "Azure speaks no S3: copy the container to a folder (azcopy, rclone), and serve "
                  "that"},
    {"glance", "images in Glance cannot be reached: pull them from the old server, or mirror it"},
    {"elliptics",
     "images in Elliptics cannot be reached: pull them from the old server, or mirror it"},
}};

} // namespace

bool is_bucket_storage(const std::string& storage) {
  constexpr std::array<std::string_view, 5> k_storages = {"s3", "cloudfronts3", "gcs", "alioss",
                                                          "swift"};
  return std::find(k_storages.begin(), k_storages.end(), storage) != k_storages.end();
}

BucketSettings read_bucket_settings(const std::string& storage, const OriginalValues& values,
                                    S3Defaults defaults) {
  if (storage == "gcs") {
    return read_gcs(values);
  }
  if (storage == "alioss") {
    return read_oss(values);
  }
  return storage == "swift" ? read_swift(values, values.of_environment())
                            : read_s3(values, defaults);
}

void read_original_bucket(const std::string& storage, const std::string& path,
                          const OriginalValues& values, S3Defaults defaults,
                          ServerOptions& options) {
  options.bucket = read_bucket_settings(storage, values, defaults);
  const auto bucket = storage == "gcs"      ? required(values, "boto_bucket", "GCS_BUCKET")
                      : storage == "alioss" ? required(values, "oss_bucket", "OSS_BUCKET")
                      : storage == "swift"  ? required(values, "swift_container", "OS_CONTAINER")
                                            : required(values, "boto_bucket", "AWS_BUCKET");
  // Slashes around the path do not count: docker-registry drops the first, and so wants one.
  options.storage =
      objects::BucketPath::parse(std::string(k_bucket_scheme) + bucket + "/" + path).to_string();
}

std::string hint_for_storage(const std::string& storage) {
  for (const auto& [name, text] : k_hints) {
    if (name == storage) {
      return std::string(text);
    }
  }
  return {};
}

} // namespace regctl::server
