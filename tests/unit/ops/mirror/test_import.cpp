// SPDX-License-Identifier: Apache-2.0
#include "ops/mirror/import_draft.hpp"

#include <regctl/base/error.hpp>
#include <regctl/ops/mirror/config.hpp>
#include <regctl/ops/mirror/import.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace regctl;
using namespace regctl::ops;
using namespace regctl::ops::mirror;

TEST_SUITE_BEGIN("ops/mirror/import");

namespace {

ImportedConfig import(const std::string& text, const std::string& destination = "") {
  return import_config({{"theirs.yml", text}}, {.program = {}, .destination = destination});
}

MirrorConfig read(const ImportedConfig& imported) {
  INFO(imported.text);
  return parse_mirror_config(imported.text, "ours.yml",
                             [](const std::string&) { return std::optional<std::string>(); });
}

bool has(const ImportedConfig& imported, const std::string& text) {
  INFO(imported.text);
  return imported.text.find(text) != std::string::npos;
}

bool takes_tag(const MirrorJob& job, const std::string& tag) {
  const auto version = parse_semver(tag);
  return job.rules.tags.takes("app", tag) &&
         (!job.rules.semver || (version && job.rules.semver->contains(*version)));
}

std::string refusal(const std::string& text, const std::string& destination = "") {
  try {
    import(text, destination);
    return {};
  } catch (const Error& error) {
    return error.message();
  }
}

const std::string k_skopeo = R"(registry.example.com:
  images:
    busybox: []
    team/redis: ["1.0", "2.0", "sha256:)" +
                             std::string(64, '0') + R"("]
  images-by-tag-regex:
    nginx: ^1\.13\.[12]-alpine-perl$
    httpd: alpine
  images-by-semver:
    alpine: ">= 3.12.0"
  credentials:
    username: john
    password: this is a secret
  tls-verify: false
  cert-dir: /home/john/certs
quay.io:
  images:
    coreos/etcd: [latest]
)";

} // namespace

TEST_CASE("skopeo's sync file becomes a mirror for each repository") {
  const auto imported = import(k_skopeo, "new.example/mirror/");
  CHECK(imported.program == ForeignProgram::skopeo);
  CHECK(imported.left_out == 1);
  const auto config = read(imported);
  REQUIRE(config.mirrors.size() == 6);
  CHECK(config.mirrors[0].source.to_string() == "docker://registry.example.com/busybox");
  CHECK(config.mirrors[0].destination.to_string() == "docker://new.example/mirror/busybox");
  CHECK(takes_tag(config.mirrors[0], "any"));
  CHECK(config.mirrors[1].destination.to_string() == "docker://new.example/mirror/redis");
  CHECK(takes_tag(config.mirrors[1], "2.0"));
  CHECK_FALSE(takes_tag(config.mirrors[1], "2.00"));
  CHECK(takes_tag(config.mirrors[2], "1.13.2-alpine-perl"));
  CHECK_FALSE(takes_tag(config.mirrors[2], "1.13.2-alpine-perl-2"));
  CHECK(takes_tag(config.mirrors[3], "2-alpine3"));
  CHECK(takes_tag(config.mirrors[4], "3.20.1"));
  CHECK_FALSE(takes_tag(config.mirrors[4], "3.11.9"));
  CHECK_FALSE(config.mirrors[0].rules.referrers);
  CHECK(config.registries.at("registry.example.com").access.insecure);
  CHECK(config.registries.count("quay.io") == 0);
}

TEST_CASE("no password or name of a user is printed") {
  const auto skopeo = import(k_skopeo, "new.example");
  CHECK_FALSE(has(skopeo, "secret"));
  CHECK_FALSE(has(skopeo, "john:"));
  CHECK(has(skopeo, "regctl login"));
  const auto dregsy = import("tasks: [{name: a, source: {registry: a.example, auth: c2VjcmV0},"
                             " target: {registry: b.example}, mappings: [{from: app}]}]");
  CHECK_FALSE(has(dregsy, "c2VjcmV0"));
  const auto syncer =
      import("a.example/app: b.example/app\nbob:hunter2@c.example/app: b.example/x\n");
  CHECK(syncer.left_out == 1);
  CHECK_FALSE(has(syncer, "hunter2"));
}

TEST_CASE("what skopeo names by digest is left out with a comment") {
  const auto imported = import(k_skopeo, "new.example");
  CHECK(has(imported, "# line 4: left out, registry.example.com/team/redis@sha256:0000"));
  CHECK(has(imported, "a mirror takes tags, and regctl copy takes digests"));
}

TEST_CASE("two repositories that would fill one are not both taken") {
  const auto imported = import("a.example: {images: {x/app: [], y/app: []}}", "new.example");
  CHECK(imported.mirrors == 1);
  CHECK(imported.left_out == 1);
  CHECK(has(imported, "is filled from a.example/x/app already"));
}

TEST_CASE("skopeo's file needs a destination, and the others take none") {
  CHECK(refusal(k_skopeo) == "skopeo's file does not say where images go");
  CHECK(refusal("a.example/app: b.example/app", "c.example") ==
        "the file of image-syncer says where images go: leave out DEST");
}

TEST_CASE("regsync's file becomes mirrors of registries, repositories and tags") {
  const auto imported = import(R"(version: 1
creds:
  - registry: registry:5000
    tls: disabled
    reqPerSec: 100
    reqConcurrent: 3
  - registry: docker.io
    user: "{{env \"HUB_USER\"}}"
    pass: hunter2
    regcert: '{{file "/run/ca.pem"}}'
defaults:
  referrers: true
  interval: 60m
  backup: "bkup-{{.Ref.Tag}}"
sync:
  - {source: 'busybox:latest', target: 'registry:5000/library/busybox:latest', type: image}
  - source: alpine
    target: registry:5000/library/alpine
    type: repository
    referrers: false
    platforms: [linux/amd64, linux/arm64]
    tags:
      allow: [latest, "3", "3.\\d+"]
      deny: ["3.1|3.2"]
  - source: ghcr.io/team/app
    target: registry:5000/team/app
    type: repository
    tagSets:
      - semverRange: [">=1.0.0 <2.0.0", ">=4.0.0"]
      - allow: [edge]
  - source: old.example:5000
    target: registry:5000/old
    type: registry
    repos: {allow: ["team/.*"], deny: ["team/tmp.*"]}
    hooks: {pre: {type: x}}
  - {source: 'app:1', target: 'registry:5000/app:2', type: image}
  - {source: 'ocidir://x', target: 'registry:5000/x', type: repository}
)");
  CHECK(imported.program == ForeignProgram::regsync);
  CHECK(imported.left_out == 2);
  CHECK_FALSE(has(imported, "hunter2"));
  const auto config = read(imported);
  REQUIRE(config.mirrors.size() == 5);
  CHECK(config.mirrors[0].destination.to_string() == "docker://registry:5000/library/busybox");
  CHECK(takes_tag(config.mirrors[0], "latest"));
  CHECK_FALSE(takes_tag(config.mirrors[0], "1"));
  CHECK(config.mirrors[0].rules.referrers);
  CHECK(takes_tag(config.mirrors[1], "3.28"));
  CHECK_FALSE(takes_tag(config.mirrors[1], "3.18")); // regsync denies "^3.1", or "3.2$"
  CHECK_FALSE(takes_tag(config.mirrors[1], "3.18.2"));
  CHECK_FALSE(takes_tag(config.mirrors[1], "3.2"));
  CHECK_FALSE(config.mirrors[1].rules.referrers);
  CHECK(config.mirrors[1].rules.platforms.size() == 2);
  CHECK(takes_tag(config.mirrors[2], "1.5"));
  CHECK(takes_tag(config.mirrors[2], "4.0"));
  CHECK_FALSE(takes_tag(config.mirrors[2], "2.5"));
  CHECK(takes_tag(config.mirrors[3], "edge"));
  CHECK(config.mirrors[4].destination.to_string() == "docker://registry:5000/old/");
  CHECK(config.mirrors[4].rules.repositories.takes("team/app"));
  CHECK_FALSE(config.mirrors[4].rules.repositories.takes("team/tmp2"));
  CHECK_FALSE(config.mirrors[4].rules.repositories.takes("other/app"));
  const auto& registry = config.registries.at("registry:5000");
  CHECK(registry.access.plain_http);
  CHECK(registry.jobs == 3U);
  CHECK(registry.requests_per_second == 100.0);
  CHECK(config.registries.at("docker.io").access.ca_file == "/run/ca.pem");
  CHECK(has(imported, "line 13: 'interval' is left out: regctl mirror --watch"));
  CHECK(has(imported, "'hooks' is left out: regctl runs no commands"));
  CHECK(has(imported, "a mirror gives no tag another name; regctl copy does"));
}

TEST_CASE("image-syncer's images and auth, in one file or two, in YAML or JSON") {
  const auto imported = import_config(
      {{"images.json", R"({
	"quay.io/coreos/kube-rbac-proxy": "new.example/ruohe/kube-rbac-proxy",
	"quay.io/coreos/etcd:v1.0,v2.0": ["new.example/ruohe/etcd", "b.example/etcd:v1.0,v2.0"],
	"quay.io/coreos/flannel:/a+/": "new.example/ruohe/flannel",
	"quay.io/coreos/dns:v1": "new.example/ruohe/dns:v2",
	"alpine:3": "new.example/alpine"
})"},
       {"auth.yaml", "new.example: {username: u, password: hunter2, insecure: true}"}},
      {});
  CHECK(imported.program == ForeignProgram::image_syncer);
  CHECK(imported.left_out == 1);
  CHECK_FALSE(has(imported, "hunter2"));
  const auto config = read(imported);
  REQUIRE(config.mirrors.size() == 5);
  CHECK(takes_tag(config.mirrors[1], "v2.0"));
  CHECK_FALSE(takes_tag(config.mirrors[1], "v3.0"));
  CHECK(config.mirrors[2].destination.to_string() == "docker://b.example/etcd");
  CHECK(takes_tag(config.mirrors[3], "bab"));
  CHECK_FALSE(takes_tag(config.mirrors[3], "bb"));
  CHECK(config.mirrors[4].source.to_string() == "docker://docker.io/alpine");
  CHECK(config.registries.at("new.example").access.insecure);
  const auto one =
      import("auth: {a.example: {insecure: true}}\nimages: {a.example/x: b.example/x}");
  CHECK(read(one).registries.at("a.example").access.insecure);
}

TEST_CASE("dregsy's tags become one mirror for each kind of theirs") {
  const auto imported = import(R"(relay: skopeo
tasks:
  - name: one
    interval: 60
    source: {registry: a.example}
    target: {registry: b.example, skip-tls-verify: true}
    mappings:
      - from: test/image
        to: /archive/image
        platform: linux/arm64/v8
        tags: ['semver: >=1.31.0 <1.31.9', 'regex: 1\.26\.[0-9]-(glibc|musl)', 'latest', 'keep: latest 5']
      - from: regex:team/.*
        to: copies
      - from: app
        tags: ['regex: !.*-dev', 'keep: 1.+']
      - {from: app2, to: 'regex:a,b'}
)");
  CHECK(imported.program == ForeignProgram::dregsy);
  CHECK(imported.left_out == 2);
  const auto config = read(imported);
  REQUIRE(config.mirrors.size() == 4);
  CHECK(config.mirrors[0].destination.to_string() == "docker://b.example/archive/image");
  CHECK(takes_tag(config.mirrors[0], "latest"));
  CHECK_FALSE(config.mirrors[0].rules.latest);
  CHECK(takes_tag(config.mirrors[1], "1.31.8"));
  CHECK_FALSE(takes_tag(config.mirrors[1], "1.31.9"));
  CHECK(config.mirrors[1].rules.latest == 5U);
  CHECK(takes_tag(config.mirrors[2], "1.26.3-musl"));
  CHECK_FALSE(takes_tag(config.mirrors[2], "1.26.3-musl2"));
  CHECK(config.mirrors[2].rules.platforms.size() == 1);
  CHECK(config.mirrors[3].rules.repositories.takes("team/app"));
  CHECK_FALSE(config.mirrors[3].rules.repositories.takes("my/team/app"));
  CHECK(config.mirrors[3].rules.destination_name("team/app") == "copies/team/app");
  CHECK(config.registries.at("b.example").access.insecure);
  CHECK(has(imported, "one of its patterns and 'keep' would have to fit a tag"));
}

TEST_CASE("a file of no known program is refused") {
  CHECK(refusal("a: {b: c}") == "'theirs.yml' is a configuration of no program known here");
  CHECK(refusal("version: 1\nmirrors: []") == "'theirs.yml' is a mirror file already");
  CHECK(refusal("[a]") == "'theirs.yml' is no mapping");
  CHECK(refusal("a.example/app@sha256:" + std::string(64, '0') + ": b.example/app") ==
        "nothing of 'theirs.yml' can be taken over: a mirror takes tags, and regctl copy takes "
        "digests");
}

TEST_CASE("text of the file cannot leave its comment or its quotes") {
  const auto imported = import("\"a\\nmirrors: []\": b.example/x\n"
                               "a.example/app: b.example/app\n"
                               "\"a.example/it:/it's #1: x/\": b.example/it\n");
  CHECK(imported.left_out == 1);
  const auto config = read(imported);
  REQUIRE(config.mirrors.size() == 2);
  CHECK(takes_tag(config.mirrors[1], "-it's #1: x-"));
}

TEST_CASE("a variable of the file stays none of ours") {
  const auto imported =
      import("a.example/app: b.example/app\na.example/x:/${HOME}/: b.example/x\n");
  CHECK(imported.left_out == 1);
  CHECK(imported.mirrors == 1);
}

TEST_CASE("what Go's search finds, the pattern takes") {
  struct Row {
    const char* regex;
    const char* pattern;
  };
  const Row rows[] = {
      {"^latest$", "latest"}, {"^3.1$", "/3.1/"},     {"alpine", "/.*alpine.*/"},
      {"^v", "/v.*/"},        {"v$", "/.*v/"},        {"^a|b$", "/.*(?:^a|b$).*/"},
      {"^(a|b)$", "/(a|b)/"}, {"^[|]$", "/[|]/"},     {"^[]|]$", "/[]|]/"},
      {"^a\\$", "/a\\$.*/"},  {"^a\\\\$", "/a\\\\/"}, {"^\\Qa(\\E|b$", "/.*(?:^\\Qa(\\E|b$).*/"},
      {"", "/.*.*/"},         {"^a\\|b$", "/a\\|b/"},
  };
  for (const auto& row : rows) {
    CHECK(pattern_of_search(row.regex) == row.pattern);
  }
}

TEST_SUITE_END();
