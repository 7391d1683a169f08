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

Result read(const std::string& file, const Variables& variables) {
  Result result;
  result.settings = read_original_settings(
      file,
      [&](const std::string& name) {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional(found->second);
      },
      result.options);
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
s3:
    <<: *common
    storage: s3
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
      {k_file, {{"SETTINGS_FLAVOR", "s3"}}, "the setting storage: s3 is not supported"},
      {k_file, {{"STANDALONE", "False"}}, "the setting standalone: false is not supported"},
      {k_file,
       {{"SETTINGS_FLAVOR", "local"}, {"SEARCH_BACKEND", "elastic"}},
       "the setting search_backend: elastic is not supported"},
      {"dev: {storage: swift}", {}, "the setting storage: swift is not supported"},
      {"dev: {storage_redirect: yes}", {}, "the setting storage_redirect: yes is not supported"},
      {"dev: {privileged_key: /k}", {}, "the setting privileged_key: /k is not supported"},
      {"dev: {cors: {origins: '*'}}", {}, "the setting cors.origins: * is not supported"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.message);
    CHECK(failure(ErrorKind::unsupported, [&] { read_text(row.text, row.variables); }) ==
          row.message);
  }
  for (const Variables& variables : {Variables{{"SETTINGS_FLAVOR", "s3"}},
                                     {{"STANDALONE", "0"}},
                                     {{"STORAGE_REDIRECT", "true"}}}) {
    failure(ErrorKind::unsupported, [&] { read("", variables); });
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
