// SPDX-License-Identifier: Apache-2.0
#include "support/temporary_folder.hpp"

#include <regctl/base/error.hpp>
#include <regctl/server/original_config.hpp>

#include <doctest/doctest.h>

#include <fstream>
#include <map>

using namespace regctl;
using namespace regctl::server;
using test::TemporaryFolder;

namespace {

using Variables = std::map<std::string, std::string>;

struct Result {
  ServerOptions options;
  OriginalSettings settings;
};

Environment environment_of(const Variables& variables) {
  return [variables](const std::string& name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

Result read(const std::string& file, const Variables& variables) {
  Result result;
  result.settings = read_original_settings(file, environment_of(variables), result.options);
  return result;
}

Result read_text(const std::string& text, const Variables& variables = {}) {
  const TemporaryFolder folder;
  std::ofstream(folder / "config.yml") << text;
  return read((folder / "config.yml").string(), variables);
}

/// The error's kind and message.
template <class Body> std::string failure(ErrorKind kind, Body&& body) {
  try {
    body();
  } catch (const Error& error) {
    CHECK(error.kind() == kind);
    return error.message();
  }
  FAIL("it was taken");
  return {};
}

constexpr const char* k_file = R"(
common: &common
    loglevel: _env:LOGLEVEL:info
    standalone: _env:STANDALONE
    search_backend: _env:SEARCH_BACKEND
    cache:
        host: _env:CACHE_REDIS_HOST
    sqlalchemy_index_database: _env:SQLALCHEMY_INDEX_DATABASE:sqlite:////tmp/docker-registry.db
    mirroring:
        source: _env:MIRROR_SOURCE # https://registry-1.docker.io
        source_index: _env:MIRROR_SOURCE_INDEX
local: &local
    <<: *common
    storage: local
    storage_path: _env:STORAGE_PATH:/tmp/registry:colon
dev:
    <<: *local
    loglevel: debug
    search_backend: sqlalchemy
test:
    <<: *local
    issue: '"hello"'
azureblob:
    <<: *common
    storage: azureblob
s3:
    <<: *common
    storage: s3
    s3_region: _env:AWS_REGION
    boto_bucket: _env:AWS_BUCKET
    storage_path: _env:STORAGE_PATH:/registry
    s3_encrypt: _env:AWS_ENCRYPT:true
    s3_secure: _env:AWS_SECURE:true
    s3_access_key: _env:AWS_KEY
    s3_secret_key: _env:AWS_SECRET
    boto_host: _env:AWS_HOST
    boto_port: _env:AWS_PORT
    boto_calling_format: _env:AWS_CALLING_FORMAT
    storage_redirect: _env:STORAGE_REDIRECT
nothing:
    storage:
    storage_path: ~
    cors: {origins: ~}
)";

} // namespace

TEST_SUITE_BEGIN("server/original_config");

TEST_CASE("flavors inherit, and values come from the environment") {
  const auto dev = read_text(k_file);
  CHECK(dev.options.storage == "/tmp/registry:colon");
  CHECK(dev.settings.verbose);
  CHECK(dev.options.search);
  CHECK(dev.settings.mirror_source.empty());

  const auto local = read_text(k_file, {{"SETTINGS_FLAVOR", "local"},
                                        {"STORAGE_PATH", "/srv/registry"},
                                        {"SEARCH_BACKEND", "none"},
                                        {"STANDALONE", "true"},
                                        {"REGISTRY_PORT", "5001"},
                                        {"MIRROR_SOURCE", "https://host"}});
  CHECK(local.options.storage == "/srv/registry");
  CHECK_FALSE(local.options.search);
  CHECK_FALSE(local.settings.verbose);
  CHECK(local.options.listen == "127.0.0.1:5001");
  CHECK(local.settings.mirror_source == "https://host");

  CHECK(read_text(k_file, {{"SETTINGS_FLAVOR", "test"}}).options.issue == "hello");
  CHECK(read_text(k_file, {{"SETTINGS_FLAVOR", "nothing"}}).options.storage.empty());
  // With a file only what it names is looked up.
  CHECK(read_text("dev: {}", {{"STORAGE_PATH", "/x"}, {"MIRROR_SOURCE", "y"}})
            .options.storage.empty());
}

TEST_CASE("an empty storage path counts as none") {
  CHECK(read_text("dev: {storage: local}").options.storage.empty());
  CHECK(read_text("dev: {storage_path: '_env:NOPE'}").options.storage.empty());
  CHECK(read_text(k_file, {{"STORAGE_PATH", ""}}).options.storage.empty());
  CHECK(failure(ErrorKind::usage, [] {
          read("", {{"STORAGE_PATH", ""}});
        }) == "the variable STORAGE_PATH is empty");
}

TEST_CASE("without a file the settings come from environment variables") {
  const auto result =
      read("", {{"STORAGE_PATH", "/x"}, {"LOGLEVEL", "DEBUG"}, {"MIRROR_SOURCE", "h:1"}});
  CHECK(result.options.storage == "/x");
  CHECK(result.settings.verbose);
  CHECK(result.settings.mirror_source == "h:1");
  CHECK(read("", {}).options.search);
  CHECK(read("", {{"SEARCH_BACKEND", ""}}).options.search);
  CHECK_FALSE(read("", {{"SEARCH_BACKEND", "false"}}).options.search);
}

TEST_CASE("the error names an unsupported setting") {
  struct Row {
    const char* text;
    Variables variables;
    const char* message;
  };
  const Row rows[] = {
      {k_file,
       {{"SETTINGS_FLAVOR", "azureblob"}},
       "the setting storage: azureblob is not supported"},
      {k_file, {{"STANDALONE", "False"}}, "the setting standalone: false is not supported"},
      {k_file,
       {{"SETTINGS_FLAVOR", "local"}, {"SEARCH_BACKEND", "elastic"}},
       "the setting search_backend: elastic is not supported"},
      {"dev: {storage: glance}", {}, "the setting storage: glance is not supported"},
      {"dev: {storage_redirect: yes}", {}, "the setting storage_redirect: true is not supported"},
      {"dev: {privileged_key: /k}", {}, "the setting privileged_key: /k is not supported"},
      {"dev: {cors: {origins: '*'}}", {}, "the setting cors.origins: * is not supported"},
      {"dev: {storage: s3, storage_path: /, boto_bucket: b, boto_proxy: p}",
       {},
       "the setting boto_proxy: p is not supported"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.message);
    CHECK(failure(ErrorKind::unsupported, [&] { read_text(row.text, row.variables); }) ==
          row.message);
  }
  for (const Variables& variables :
       {Variables{{"SETTINGS_FLAVOR", "elliptics"}},
        {{"SETTINGS_FLAVOR", "unheard-of"}},
        {{"SETTINGS_FLAVOR", "gcs"}, {"GCS_BUCKET", "b"}, {"GCS_OAUTH2", "true"}},
        {{"STANDALONE", "0"}},
        {{"STORAGE_REDIRECT", "true"}}}) {
    failure(ErrorKind::unsupported, [&] { read("", variables); });
  }
}

namespace {

/// The settings of a bucket on one line, as "http://h:1 region path key secret", for the
/// environment and, where `from_file`, for the file with that environment.
std::string bucket_line(const Variables& variables, const std::string& file = "") {
  const auto result = file.empty() ? read("", variables) : read_text(file, variables);
  const auto& bucket = result.options.bucket;
  REQUIRE(bucket);
  using objects::Addressing;
  return result.options.storage + " " + (bucket->endpoint ? bucket->endpoint->origin() : "amazon") +
         " " + (bucket->region.empty() ? "-" : bucket->region) + " " +
         (!bucket->addressing                               ? "-"
          : *bucket->addressing == Addressing::virtual_host ? "host"
                                                            : "path") +
         (bucket->encrypt ? " encrypted" : "") + " " +
         (bucket->key ? bucket->key->id + "/" + bucket->key->secret.reveal() : "-") +
         (result.options.redirect ? " redirect" : "");
}

} // namespace

TEST_CASE("the settings of a bucket are those of the original") {
  struct Row {
    Variables variables;
    const char* expected;
  };
  const Row rows[] = {
      {{{"SETTINGS_FLAVOR", "s3"}, {"AWS_BUCKET", "b"}}, "s3://b/registry amazon - - encrypted -"},
      {{{"SETTINGS_FLAVOR", "prod"}, {"AWS_BUCKET", "b"}}, "s3://b/prod amazon - - encrypted -"},
      {{{"SETTINGS_FLAVOR", "cloudfronts3"}, {"AWS_BUCKET", "b"}},
       "s3://b/registry amazon - - encrypted - redirect"},
      {{{"SETTINGS_FLAVOR", "s3"},
        {"AWS_BUCKET", "b"},
        {"AWS_REGION", "eu-west-1"},
        {"STORAGE_PATH", "a/b/"},
        {"AWS_KEY", "k"},
        {"AWS_SECRET", "s"},
        {"AWS_ENCRYPT", "false"},
        {"STORAGE_REDIRECT", "yes"}},
       "s3://b/a/b amazon eu-west-1 - k/s redirect"},
      {{{"SETTINGS_FLAVOR", "s3"},
        {"AWS_BUCKET", "b"},
        {"STORAGE_PATH", "/"},
        {"AWS_HOST", "ceph"},
        {"AWS_PORT", "7480"},
        {"AWS_SECURE", "1"},
        {"AWS_ENCRYPT", "off"}},
       "s3://b https://ceph:7480 - path -"},
      {{{"SETTINGS_FLAVOR", "s3"},
        {"AWS_BUCKET", "b"},
        {"AWS_HOST", "h"},
        {"AWS_SECURE", "False"},
        {"AWS_ENCRYPT", "no"},
        {"AWS_CALLING_FORMAT", "boto.s3.connection.SubdomainCallingFormat"}},
       "s3://b/registry http://h - host -"},
      {{{"SETTINGS_FLAVOR", "ceph-s3"},
        {"AWS_BUCKET", "b"},
        {"AWS_HOST", "h"},
        {"AWS_PORT", "7480"},
        {"AWS_CALLING_FORMAT", "boto.s3.connection.OrdinaryCallingFormat"}},
       "s3://b/registry http://h:7480 - path -"},
      {{{"SETTINGS_FLAVOR", "gcs"}, {"GCS_BUCKET", "b"}, {"GCS_KEY", "k"}, {"GCS_SECRET", "s"}},
       "s3://b/registry https://storage.googleapis.com auto path k/s"},
      {{{"SETTINGS_FLAVOR", "oss"},
        {"OSS_BUCKET", "b"},
        {"OSS_HOST", "oss-cn-hangzhou.aliyuncs.com"},
        {"OSS_KEY", "k"},
        {"OSS_SECRET", "s"}},
       "s3://b/registry https://oss-cn-hangzhou.aliyuncs.com oss-cn-hangzhou host k/s"},
      {{{"SETTINGS_FLAVOR", "swift"},
        {"OS_AUTH_URL", "http://swift:8080/auth/v1.0"},
        {"OS_CONTAINER", "c"},
        {"OS_TENANT_NAME", "test"},
        {"OS_USERNAME", "tester"},
        {"OS_PASSWORD", "pw"},
        {"OS_REGION_NAME", "RegionOne"}},
       "s3://c/registry http://swift:8080 RegionOne path test:tester/pw"},
      {{{"SETTINGS_FLAVOR", "swift"},
        {"OS_AUTH_URL", "https://keystone:5000/v3"},
        {"OS_CONTAINER", "c"},
        {"AWS_HOST", "swift"},
        {"AWS_KEY", "k"},
        {"AWS_SECRET", "s"}},
       "s3://c/registry https://swift - path k/s"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.expected);
    CHECK(bucket_line(row.variables) == row.expected);
  }
  CHECK(bucket_line(
            {{"SETTINGS_FLAVOR", "s3"}, {"AWS_BUCKET", "b"}, {"AWS_KEY", "k"}, {"AWS_SECRET", "s"}},
            k_file) == "s3://b/registry amazon - - encrypted k/s");
}

TEST_CASE("commands find the bucket by the same variables") {
  const auto find = [](const Variables& variables) {
    const auto found = find_original_bucket(environment_of(variables));
    return !found ? "none"
                  : (found->endpoint ? found->endpoint->origin() : "amazon") +
                        (found->encrypt ? " encrypted" : "") +
                        (found->key ? " " + found->key->id : "");
  };
  CHECK(find({}) == "none");
  CHECK(find({{"AWS_KEY", "k"}, {"AWS_SECRET", "s"}}) == "none"); // the usual places have it
  CHECK(find({{"SETTINGS_FLAVOR", "local"}, {"AWS_HOST", "h"}}) == "none");
  CHECK(find({{"SETTINGS_FLAVOR", "unheard-of"}}) == "none");
  CHECK(find({{"SETTINGS_FLAVOR", "s3"}, {"AWS_KEY", "k"}, {"AWS_SECRET", "s"}}) ==
        "amazon encrypted k");
  CHECK(find({{"AWS_HOST", "h"}, {"AWS_SECURE", "false"}, {"AWS_ENCRYPT", "false"}}) == "http://h");
  CHECK(find({{"AWS_HOST", "h"}, {"AWS_ENDPOINT_URL", "http://other"}}) == "none");
  CHECK(find({{"SETTINGS_FLAVOR", "ceph-s3"}, {"AWS_HOST", "h"}, {"AWS_PORT", "1"}}) ==
        "http://h:1");
  CHECK(find({{"SETTINGS_FLAVOR", "swift"}, {"OS_AUTH_URL", "http://swift:8080/auth/v1.0"}}) ==
        "http://swift:8080");
  failure(ErrorKind::usage, [&] { find({{"SETTINGS_FLAVOR", "s3"}, {"AWS_KEY", "k"}}); });
}

TEST_CASE("a file that names a bucket names the tree in it, too") {
  const std::string bucket = "dev: {storage: s3, boto_bucket: b";
  CHECK(failure(ErrorKind::usage, [&] {
          read_text(bucket + "}");
        }).ends_with("names no storage_path"));
  CHECK(read_text(bucket + ", storage_path: /}").options.storage == "s3://b");
}

TEST_CASE("settings of a bucket that are not enough are usage errors") {
  for (const Variables& variables :
       {Variables{{"SETTINGS_FLAVOR", "s3"}},
        {{"SETTINGS_FLAVOR", "s3"}, {"AWS_BUCKET", "b"}, {"AWS_KEY", "k"}},
        {{"SETTINGS_FLAVOR", "gcs"}, {"GCS_BUCKET", "b"}, {"GCS_SECRET", "s"}},
        {{"SETTINGS_FLAVOR", "swift"}, {"OS_CONTAINER", "c"}}}) {
    failure(ErrorKind::usage, [&] { read("", variables); });
  }
}

TEST_CASE("a malformed file is a usage error") {
  CHECK(failure(ErrorKind::usage, [] {
          read_text(k_file, {{"SETTINGS_FLAVOR", "prod"}});
        }).ends_with("has no flavor prod"));
  CHECK(failure(ErrorKind::usage, [] { read_text("dev: 1"); }).ends_with("has no flavor dev"));
  for (const auto* text : {"", "[]", "7", "dev: [", "\t", "a: b: c", "dev: *nothing"}) {
    CAPTURE(text);
    failure(ErrorKind::usage, [&] { read_text(text); });
  }
  failure(ErrorKind::not_found, [] { read("/no/such/file", {}); });
}
