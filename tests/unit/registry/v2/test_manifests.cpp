// SPDX-License-Identifier: Apache-2.0
#include "registry/v2/manifests.hpp"
#include "support/failure.hpp"
#include "unit/registry/v2/v2_host.hpp"

#include <regctl/base/error.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace regctl;
using namespace regctl::registry::v2;
using namespace regctl::test;

namespace {

using Lines = std::vector<std::string>;

const std::string k_path = "/v2/team/app/manifests/";
const std::string k_head = "HEAD " + k_path + "1.0";
const std::string k_get = "GET " + k_path + "1.0";
const auto k_tag = oci::ManifestName::tag("1.0");

} // namespace

TEST_SUITE_BEGIN("registry/v2/manifests");

TEST_CASE("HEAD tells the identity, with every type accepted") {
  V2Host host;
  const auto document = v2_manifest();
  host.server.on(k_head, {v2_head(document)});
  CHECK(find_manifest(*host.session(), k_tag) == document.descriptor());
  CHECK(host.server.lines() == Lines{k_head});
  const auto accept = host.server.seen()[0].headers.find("Accept").value();
  for (const auto type : {oci::k_oci_manifest, oci::k_oci_index, oci::k_docker_manifest,
                          oci::k_docker_list, oci::k_schema1_signed, oci::k_oci_artifact}) {
    CHECK(accept.find(type) != std::string::npos);
  }
}

TEST_CASE("GET is asked where HEAD lacks something") {
  const auto document = v2_manifest();
  for (const auto* missing : {"Content-Type", "Docker-Content-Digest", "Content-Length"}) {
    CAPTURE(missing);
    const auto whole = v2_head(document);
    Reply head{200};
    for (const auto& field : whole.headers.fields()) {
      if (field.name != missing) {
        head.headers.add(field.name, field.value);
      }
    }
    V2Host host;
    host.server.on(k_head, {head});
    host.server.on(k_get, {v2_reply(document)});
    CHECK(find_manifest(*host.session(), k_tag) == document.descriptor());
    CHECK(host.server.lines() == Lines{k_head, k_get});
  }
}

TEST_CASE("by digest, a HEAD that names another one is not believed") {
  V2Host host;
  const auto document = v2_manifest();
  const auto line = k_path + document.digest.to_string();
  host.server.on("HEAD " + line, {v2_head(v2_index({}))});
  host.server.on("GET " + line, {v2_reply(document)});
  CHECK(find_manifest(*host.session(), document.digest) == document.descriptor());
}

TEST_CASE("404 to HEAD is believed once HEAD has found something") {
  V2Host host;
  const auto session = host.session();
  CHECK_FALSE(find_manifest(*session, k_tag));
  CHECK(host.server.lines() == Lines{k_head, k_get});
  host.server.on("HEAD " + k_path + "2.0", {v2_head(v2_manifest())});
  CHECK(find_manifest(*session, oci::ManifestName::tag("2.0")));
  host.server.forget();
  CHECK_FALSE(find_manifest(*session, k_tag));
  CHECK(host.server.lines() == Lines{k_head});
}

TEST_CASE("a registry whose HEAD is wrong or refused is asked by GET from then on") {
  for (const int status : {404, 405, 501}) {
    CAPTURE(status);
    V2Host host;
    host.server.on(k_head, {{status}});
    host.server.on(k_get, {v2_reply(v2_manifest())});
    const auto session = host.session();
    CHECK(find_manifest(*session, k_tag));
    CHECK(find_manifest(*session, k_tag));
    CHECK(host.server.lines() == Lines{k_head, k_get, k_get});
  }
}

TEST_CASE("a denial and an overload are no reason for GET") {
  for (const auto& [status, kind] :
       {std::pair(401, ErrorKind::denied), std::pair(429, ErrorKind::unavailable),
        std::pair(503, ErrorKind::unavailable)}) {
    V2Host host;
    host.server.on(k_head, {{status}});
    CHECK(failure([&] { find_manifest(*host.session(), k_tag); }) == kind);
    CHECK(host.server.lines() == Lines{k_head});
  }
}

TEST_CASE("what is read has the digest that was asked for, and that the header names") {
  const auto document = v2_manifest();
  V2Host host;
  host.server.on(k_get, {v2_reply(document)});
  CHECK(read_manifest(*host.session(), k_tag)->bytes == document.bytes);
  auto wrong = v2_reply(document);
  wrong.body = v2_index({}).bytes;
  host.server.on(k_get, {wrong, wrong}); // it is read once more
  CHECK(failure([&] { read_manifest(*host.session(), k_tag); }) == ErrorKind::integrity);
  host.server.on("GET " + k_path + document.digest.to_string(),
                 {{200, v2_index({}).bytes}, {200, v2_index({}).bytes}});
  CHECK(failure([&] { read_manifest(*host.session(), document.digest); }) == ErrorKind::integrity);
}

TEST_CASE("wrong bytes are read once more") {
  const auto document = v2_manifest();
  auto cut = v2_reply(document);
  cut.body.pop_back();
  cut.body += " ";
  V2Host host;
  host.server.on(k_get, {cut, v2_reply(document)});
  CHECK(read_manifest(*host.session(), k_tag)->digest == document.digest);
}

TEST_CASE("a manifest that is too large, and what is none, are errors") {
  V2Host host;
  host.server.on(k_get, {{200, std::string(oci::k_manifest_limit_bytes + 1, ' ')}});
  CHECK(failure([&] { read_manifest(*host.session(), k_tag); }) == ErrorKind::protocol);
  host.server.on(k_get, {{200, "<html>"}});
  CHECK(failure([&] { read_manifest(*host.session(), k_tag); }) == ErrorKind::protocol);
}

TEST_CASE("a manifest is put as it is, with its type") {
  const auto document = v2_manifest();
  V2Host host;
  host.server.on("PUT " + k_path + "1.0",
                 {{201, "", {{"Docker-Content-Digest", document.digest.to_string()}}}});
  put_manifest(*host.session(), document, k_tag);
  const auto seen = host.server.seen();
  CHECK(seen[0].body == document.bytes);
  CHECK(seen[0].headers.find("Content-Type") == std::string(oci::k_oci_manifest));
  CHECK(seen[0].repeat == http::Repeat::not_after_500);
  host.server.on("PUT " + k_path + "1.0",
                 {{201, "", {{"Docker-Content-Digest", oci::Digest::of("x").to_string()}}}});
  CHECK(failure([&] { put_manifest(*host.session(), document, k_tag); }) == ErrorKind::integrity);
}

TEST_CASE("a refused manifest is told in the registry's words") {
  struct Row {
    Reply reply;
    ErrorKind kind;
    std::string words;
  };
  const Row rows[] = {
      {v2_error(400, "TAG_INVALID", "is immutable"), ErrorKind::unsupported, "is immutable"},
      {v2_error(400, "MANIFEST_BLOB_UNKNOWN", "blob unknown"), ErrorKind::protocol,
       "misses a blob"},
      {v2_error(500, "MANIFEST_BLOB_UNKNOWN"), ErrorKind::protocol, "misses a blob"},
      {v2_error(400, "MANIFEST_INVALID", "unknown type"), ErrorKind::unsupported, "unknown type"},
      {v2_error(415, "UNSUPPORTED"), ErrorKind::unsupported, "does not take manifests of the type"},
      {{413, "<html>"}, ErrorKind::unsupported, "too large"},
      {{405, "Method not allowed"}, ErrorKind::unsupported, "read-only"},
      {{403, "no"}, ErrorKind::denied, "denies access"},
      {{404, "no"}, ErrorKind::not_found, "cannot store reg.example/team/app:1.0"},
      {{500, "no"}, ErrorKind::unavailable, "cannot store reg.example/team/app:1.0"},
  };
  for (const auto& row : rows) {
    V2Host host;
    host.server.on("PUT " + k_path + "1.0", {row.reply});
    try {
      put_manifest(*host.session(), v2_manifest(), k_tag);
      FAIL("it was taken");
    } catch (const Error& error) {
      CAPTURE(error.message());
      CHECK(error.kind() == row.kind);
      CHECK(error.message().find(row.words) != std::string::npos);
    }
  }
}

TEST_CASE("a registry that does not take layers elsewhere is told from one that misses a blob") {
  const auto digest = oci::Digest::of("layer").to_string();
  const auto document = oci::make_document(
      R"({"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.empty.v1+json","size":5,)"
      R"("digest":")" +
          digest + R"("},"layers":[{"mediaType":"application/octet-stream","size":5,"digest":")" +
          digest + R"(","urls":["https://a.example/layer"]}]})",
      oci::k_oci_manifest, std::nullopt, "a manifest");
  V2Host host;
  host.server.on("PUT " + k_path + "1.0", {v2_error(500, "MANIFEST_BLOB_UNKNOWN")});
  CHECK(failure([&] { put_manifest(*host.session(), document, k_tag); }) == ErrorKind::unsupported);
}

TEST_CASE("a manifest is put again where the link of a blob was being written") {
  const Reply half{400,
                   R"({"errors":[{"code":"DIGEST_INVALID"},{"code":"MANIFEST_BLOB_UNKNOWN"}]})"};
  V2Host host;
  host.server.on("PUT " + k_path + "1.0", {half, half, {201, ""}});
  put_manifest(*host.session(), v2_manifest(), k_tag);
  CHECK(host.server.lines().size() == 3);
  V2Host never;
  never.server.on("PUT " + k_path + "1.0", {half});
  CHECK(failure([&] { put_manifest(*never.session(), v2_manifest(), k_tag); }) ==
        ErrorKind::unavailable);
}

TEST_CASE("a registry that has schema 1 switched off does not support it") {
  V2Host host;
  host.server.on("PUT " + k_path + "1.0", {{500, R"({"errors":[{"code":"UNKNOWN"}]})"}});
  oci::Document old{std::string(oci::k_schema1), oci::Digest::of("{}"), "{}"};
  CHECK(failure([&] { put_manifest(*host.session(), old, k_tag); }) == ErrorKind::unsupported);
}

TEST_SUITE_END();
