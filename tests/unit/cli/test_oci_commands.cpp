// SPDX-License-Identifier: Apache-2.0
#include "support/temporary_folder.hpp"
#include "unit/cli/program.hpp"

#include <regctl/base/file.hpp>
#include <regctl/base/json.hpp>
#include <regctl/model/oci/media_type.hpp>

#include <doctest/doctest.h>

#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace regctl;
using namespace regctl::cli;
using namespace regctl::test;

namespace {

const auto k_base = oci::Digest::of("base");
const auto k_top = oci::Digest::of("top");
const auto k_config = oci::Digest::of("config");
const std::string k_empty = oci::Digest::of("").to_string();

oci::Descriptor described(std::string_view media_type, const oci::Digest& digest,
                          std::uint64_t size_bytes) {
  return {std::string(media_type), digest, size_bytes};
}

/// An image of two layers and three steps, of which the second changed no file.
ops::OciDetails some_image() {
  oci::Manifest manifest;
  manifest.media_type = oci::k_oci_manifest;
  manifest.config = described(oci::k_oci_config, k_config, 10);
  manifest.layers = {described(oci::k_oci_layer, k_base, 2000),
                     described(oci::k_oci_layer, k_top, 300)};
  manifest.annotations = {{"note", "by us"}};
  oci::Config config;
  config.platform = {"linux", "arm64", ""};
  config.created = "2015-05-01T00:00:00Z";
  config.author = "bob";
  config.history = {{"2015-04-01T00:00:00Z", "ADD base", "", "", false},
                    {"2015-04-02T00:00:00Z", "CMD x", "", "", true},
                    {"2015-05-01T00:00:00Z", "COPY \x1b top", "bob", "said", false}};
  const std::string bytes = "{\"schemaVersion\": 2}\n";
  return {"docker://h:5000/app:1",
          {manifest.media_type, oci::Digest::of(bytes), bytes},
          manifest,
          {},
          R"({"os":"linux"})",
          config};
}

ops::OciDetails some_index() {
  oci::Manifest manifest;
  manifest.kind = oci::Manifest::Kind::index;
  manifest.media_type = oci::k_oci_index;
  manifest.manifests = {described(oci::k_oci_manifest, k_base, 500)};
  const std::string bytes = "{}";
  return {"docker://h:5000/app:1",
          {manifest.media_type, oci::Digest::of(bytes), bytes},
          manifest,
          {{manifest.manifests[0], oci::Platform{"linux", "arm", "v7"}, 2300, 2000}},
          "",
          {}};
}

Program program_with(ops::OciDetails details) {
  Program program;
  program.prepare_verbs([details = std::move(details)](FakeVerbs& verbs) {
    verbs.oci_details = details;
    verbs.manifest_bytes = "{\"a\":\n \"\x1b\"}";
    verbs.layer = std::string("blob\0bytes", 10);
  });
  return program;
}

} // namespace

TEST_SUITE_BEGIN("cli/oci_commands");

TEST_CASE("inspect of an OCI image is JSON, its manifest, or its config") {
  auto program = program_with(some_image());
  CHECK(program.run({"inspect", "h:5000/app:1"}) == ExitCode::ok);
  const auto layer = [](const oci::Digest& digest, int size) {
    return Json{{"digest", digest.to_string()}, {"media_type", oci::k_oci_layer}, {"size", size}};
  };
  CHECK(parse_json(program.out(), "it") ==
        Json{{"place", "docker://h:5000/app:1"},
             {"digest", some_image().document.digest.to_string()},
             {"media_type", oci::k_oci_manifest},
             {"artifact_type", nullptr},
             {"platform", "linux/arm64"},
             {"created", "2015-05-01T00:00:00Z"},
             {"author", "bob"},
             {"size", 2310},
             {"platforms", Json::array()},
             {"layers", Json::array({layer(k_base, 2000), layer(k_top, 300)})},
             {"subject", nullptr},
             {"annotations", {{"note", "by us"}}},
             {"manifest", {{"schemaVersion", 2}}},
             {"config", {{"os", "linux"}}}});
  CHECK(program.run({"inspect", "--raw", "h:5000/app:1"}) == ExitCode::ok);
  CHECK(program.out() == "{\"schemaVersion\": 2}\n");
  CHECK(program.run({"inspect", "--config", "h:5000/app:1"}) == ExitCode::ok);
  CHECK(program.out() == R"({"os":"linux"})");
  program.out_is_terminal = true;
  CHECK(program.run({"inspect", "--raw", "h:5000/app:1"}) == ExitCode::ok);
  CHECK(program.out() == "{\"schemaVersion\": 2}\n\n"); // its own end of line stays one
}

TEST_CASE("inspect of an index shows its platforms, and --platform chooses one") {
  auto program = program_with(some_index());
  CHECK(program.run({"inspect", "h:5000/app:1"}) == ExitCode::ok);
  CHECK(program.calls == Words{"inspect docker://h:5000/app:1"});
  const auto json = parse_json(program.out(), "it");
  CHECK(json["size"].is_null());
  CHECK(json["config"].is_null());
  CHECK(json["platform"].is_null());
  CHECK(json["platforms"] == Json::array({{{"platform", "linux/arm/v7"},
                                           {"digest", k_base.to_string()},
                                           {"media_type", oci::k_oci_manifest},
                                           {"size", 2300},
                                           {"shared", 2000}}}));
  CHECK(program.run({"inspect", "--config", "h:5000/app:1"}) == ExitCode::unsupported);
  CHECK(program.err().find("choose one of its images with --platform") != std::string::npos);
  CHECK(program.run({"history", "h:5000/app:1"}) == ExitCode::unsupported);
  CHECK(program.err().find("it is an index\nhint: choose one of its images with --platform") !=
        std::string::npos);
  CHECK(program.run({"layer", "ls", "h:5000/app:1"}) == ExitCode::usage);

  for (const Words& words : {Words{"inspect"}, Words{"history"}, Words{"layer", "ls"},
                             Words{"digest"}, Words{"manifest", "get"}, Words{"referrers"}}) {
    auto chosen = words;
    chosen.insert(chosen.end(), {"h:5000/app:1", "--platform", "arm64,linux/386"});
    CAPTURE(words.front());
    auto one = program_with(some_image());
    CHECK(one.run(chosen) == ExitCode::ok);
    CHECK(one.calls.front().ends_with("docker://h:5000/app:1 for linux/arm64,linux/386"));
    chosen.back() = "amigaos";
    CHECK(one.run(chosen) == ExitCode::usage);
    CHECK(one.calls.empty());
  }
}

TEST_CASE("history of an OCI image gives each layer to its step, newest first") {
  auto program = program_with(some_image());
  CHECK(program.run({"history", "h:5000/app:1"}) == ExitCode::ok);
  CHECK(program.out() == "LAYER          CREATED       CREATED BY      SIZE\n" + k_top.short_hex() +
                             "   4 weeks ago   COPY \\x1b top   300 B\n" +
                             "<none>         8 weeks ago   CMD x           0 B\n" +
                             k_base.short_hex() + "   8 weeks ago   ADD base        2 kB\n");
  CHECK(program.run({"history", "--format", "json", "h:5000/app:1"}) == ExitCode::ok);
  const auto json = parse_json(program.out(), "it");
  CHECK(json[0] == Json{{"digest", k_top.to_string()},
                        {"created", "2015-05-01T00:00:00Z"},
                        {"created_by", "COPY \x1b top"},
                        {"size", 300},
                        {"comment", "said"},
                        {"author", "bob"}});
  CHECK(json[1]["digest"].is_null());
  CHECK(json[1]["size"].is_null());
  CHECK(json[2]["digest"] == k_base.to_string());
}

TEST_CASE("layer ls of an OCI image lists the top one first") {
  auto program = program_with(some_image());
  CHECK(program.run({"layer", "ls", "h:5000/app:1"}) == ExitCode::ok);
  const std::string type(oci::k_oci_layer);
  CHECK(program.out() == "LAYER          SIZE    MEDIA TYPE\n" + k_top.short_hex() + "   300 B   " +
                             type + "\n" + k_base.short_hex() + "   2 kB    " + type + "\n");
  CHECK(program.run({"layer", "ls", "--format", "json", "h:5000/app:1"}) == ExitCode::ok);
  CHECK(parse_json(program.out(), "it")[1] ==
        Json{{"digest", k_base.to_string()}, {"size", 2000}, {"media_type", type}});
}

TEST_CASE("images and tags show the beginning of a digest, or all of it") {
  Program program;
  program.prepare_verbs([](FakeVerbs& verbs) {
    verbs.rows = {{"app", "1", k_top.to_string(), "2015-05-01T00:00:00Z", 300, nullptr}};
    verbs.tags = {{"1", k_top.to_string()}};
  });
  CHECK(program.run({"images", "h:5000/app"}) == ExitCode::ok);
  CHECK(program.out().find(" " + k_top.short_hex() + " ") != std::string::npos);
  CHECK(program.run({"images", "-q", "h:5000/app"}) == ExitCode::ok);
  CHECK(program.out() == k_top.short_hex() + "\n");
  CHECK(program.run({"images", "-q", "--no-trunc", "h:5000/app"}) == ExitCode::ok);
  CHECK(program.out() == k_top.to_string() + "\n");
  CHECK(program.run({"tags", "-l", "h:5000/app"}) == ExitCode::ok);
  CHECK(program.out().ends_with("1     " + k_top.short_hex() + "\n"));
}

TEST_CASE("digest prints nothing but the digest") {
  auto program = program_with(some_image());
  CHECK(program.run({"digest", "h:5000/app"}) == ExitCode::ok);
  CHECK(program.out() == k_empty + "\n");
  CHECK(program.calls == Words{"digest of docker://h:5000/app"});
  CHECK(program.run({"digest", "oci:dir:1", "--format", "json"}) == ExitCode::ok);
  CHECK(parse_json(program.out(), "it") == Json{{"place", "oci:dir:1"}, {"digest", k_empty}});
}

TEST_CASE("manifest get prints exact bytes, but on a terminal harmless ones") {
  auto program = program_with(some_image());
  CHECK(program.run({"manifest", "get", "h:5000/app:1"}) == ExitCode::ok);
  CHECK(program.out() == "{\"a\":\n \"\x1b\"}");
  CHECK(program.calls == Words{"manifest of docker://h:5000/app:1"});
  program.out_is_terminal = true;
  CHECK(program.run({"manifest", "get", "h:5000/app:1"}) == ExitCode::ok);
  CHECK(program.out() == "{\"a\":\n \"\\u001b\"}\n");
  program.prepare_verbs([](FakeVerbs& verbs) { verbs.manifest_bytes = "{}"; });
  CHECK(program.run({"manifest", "get", "h:5000/app:1", "--format", "json"}) == ExitCode::ok);
  CHECK(parse_json(program.out(), "it") == Json{{"place", "docker://h:5000/app:1"},
                                                {"digest", k_empty},
                                                {"media_type", oci::k_oci_manifest},
                                                {"size", 2},
                                                {"manifest", Json::object()}});
}

TEST_CASE("manifest put stores a file or standard input and prints the digest") {
  TemporaryFolder folder;
  std::ofstream(folder / "manifest.json") << "{ }\n";
  Program program;
  const Words words = {"manifest", "put", "h:5000/app:1", (folder / "manifest.json").string()};
  CHECK(program.run(words) == ExitCode::ok);
  CHECK(program.out() == k_empty + "\n");
  CHECK(program.calls == Words{"put manifest docker://h:5000/app:1 { }\n "});
  auto with_type = words;
  with_type.insert(with_type.end(), {"--media-type", "a/b", "--format", "json"});
  CHECK(program.run(with_type) == ExitCode::ok);
  CHECK(program.calls == Words{"put manifest docker://h:5000/app:1 { }\n a/b"});
  CHECK(parse_json(program.out(), "it") ==
        Json{{"place", "docker://h:5000/app:1"}, {"digest", k_empty}});
  auto missing = words;
  missing.back() += ".not";
  CHECK(program.run(missing) == ExitCode::not_found);
  CHECK(program.calls.empty());
  std::ofstream(folder / "manifest.json") << std::string(oci::k_manifest_limit_bytes + 1, ' ');
  CHECK(program.run(words) != ExitCode::ok);
  CHECK(program.calls.empty());
}

TEST_CASE("blob get writes verified bytes to a file or a program, and not to a terminal") {
  TemporaryFolder folder;
  auto program = program_with(some_image());
  const auto blob = "h:5000/app@" + k_empty;
  const auto bytes = std::string("blob\0bytes", 10);
  CHECK(program.run({"blob", "get", blob}) == ExitCode::ok);
  CHECK(program.out() == bytes);
  CHECK(program.calls == Words{"get blob docker://" + blob});
  const auto file = (folder / "blob").string();
  CHECK(program.run({"blob", "get", blob, "-o", file, "--format", "json"}) == ExitCode::ok);
  CHECK(parse_json(program.out(), "it") ==
        Json{{"place", "docker://" + blob}, {"file", file}, {"size", 10}});
  CHECK(read_file(file, 100) == bytes);
  CHECK(program.run({"blob", "get", blob, "--format", "json"}) == ExitCode::usage);
  program.out_is_terminal = true;
  CHECK(program.run({"blob", "get", blob}) == ExitCode::usage);
  CHECK(program.calls.empty());
}

TEST_CASE("blob has tells by its exit code") {
  Program program;
  const auto blob = "h:5000/app@" + k_empty;
  CHECK(program.run({"blob", "has", blob}) == ExitCode::not_found);
  CHECK(program.out().empty());
  CHECK(program.err() == "regctl: docker://" + blob + " is not there\n");
  CHECK(program.run({"blob", "has", blob, "--format", "json"}) == ExitCode::not_found);
  CHECK(parse_json(program.out(), "it") == Json{{"place", "docker://" + blob}, {"size", nullptr}});
  program.prepare_verbs([](FakeVerbs& verbs) { verbs.blob_size_bytes = 7; });
  CHECK(program.run({"blob", "has", blob}) == ExitCode::ok);
  CHECK(program.out() == "7\n");
  CHECK(program.calls == Words{"find blob docker://" + blob});
}

TEST_CASE("blob put sends a file, in pieces if told so, and prints the digest") {
  TemporaryFolder folder;
  std::ofstream(folder / "blob") << "bytes";
  Program program;
  const Words words = {"blob", "put", "h:5000/app", (folder / "blob").string()};
  CHECK(program.run(words) == ExitCode::ok);
  CHECK(program.out() == k_empty + "\n");
  CHECK(program.calls == Words{"put blob docker://h:5000/app bytes 5"});
  CHECK(program.session.v2.chunk_bytes == 0);
  auto in_pieces = words;
  in_pieces.insert(in_pieces.end(), {"--chunk-size", "64MB", "--format", "json"});
  CHECK(program.run(in_pieces) == ExitCode::ok);
  CHECK(program.session.v2.chunk_bytes == 64'000'000);
  CHECK(parse_json(program.out(), "it") == Json{{"digest", k_empty}, {"size", 5}});
  auto folder_itself = words;
  folder_itself.back() = folder.path().string();
  CHECK(program.run(folder_itself) != ExitCode::ok);
  CHECK(program.calls.empty());
}

TEST_CASE("what refers to a referrer is indented below it") {
  Program program;
  program.prepare_verbs([](FakeVerbs& verbs) {
    ops::Referrer signature = {described(oci::k_oci_manifest, k_top, 700), "", {}};
    ops::Referrer sbom = {described(oci::k_oci_manifest, k_base, 900), "application/spdx", {}};
    sbom.descriptor.annotations = {{"by", "bob"}};
    sbom.referrers = {signature};
    verbs.referrers = {sbom};
  });
  CHECK(program.run({"referrers", "h:5000/app:1", "--artifact-type", "a/b"}) == ExitCode::ok);
  CHECK(program.calls == Words{"referrers of docker://h:5000/app:1 of type a/b"});
  CHECK(program.out().find("\n" + k_base.to_string() + "     application/spdx   900 B\n  " +
                           k_top.to_string() + "   N/A                700 B\n") !=
        std::string::npos);
  CHECK(program.run({"referrers", "h:5000/app:1", "--format", "json"}) == ExitCode::ok);
  const auto json = parse_json(program.out(), "it");
  CHECK(json["subject"] == k_empty);
  CHECK(json["referrers"][0]["annotations"] == Json{{"by", "bob"}});
  CHECK(json["referrers"][0]["referrers"][0] == Json{{"digest", k_top.to_string()},
                                                     {"artifact_type", nullptr},
                                                     {"media_type", oci::k_oci_manifest},
                                                     {"size", 700},
                                                     {"annotations", Json::object()},
                                                     {"referrers", Json::array()}});
  Program none;
  CHECK(none.run({"referrers", "h:5000/app:1"}) == ExitCode::ok);
  CHECK(none.out().empty());
  CHECK(none.err() == "regctl: nothing refers to docker://h:5000/app:1\n");
}

TEST_CASE("copy, push and pull are told platforms, referrers and the size of pieces") {
  TemporaryFolder folder;
  const auto file = (folder / "x.tar").string();
  struct Row {
    Words words;
    std::string end;
    std::uint64_t chunk_bytes;
  };
  const Row rows[] = {
      {{"copy", "h:5000/app", "oci:dir", "--platform", "arm64"}, "oci:dir for linux/arm64", 0},
      {{"copy", "h:5000/app", "oci:dir", "--referrers"}, "oci:dir with referrers", 0},
      {{"copy", "h:5000/app", "g:5000/app", "--chunk-size", "1MiB"},
       "docker://g:5000/app",
       1'048'576},
      {{"push", "oci:dir", "g:5000/app", "--platform", "386", "--chunk-size", "1kB"},
       "docker://g:5000/app for linux/386",
       1000},
      {{"pull", "h:5000/app", file, "--platform", "arm64,amd64"},
       file + " for linux/arm64,linux/amd64",
       0},
  };
  for (const auto& row : rows) {
    CAPTURE(row.end);
    Program program;
    CHECK(program.run(row.words) == ExitCode::ok);
    REQUIRE(program.calls.size() == 1);
    CHECK(program.calls[0].ends_with(row.end));
    CHECK(program.session.v2.chunk_bytes == row.chunk_bytes);
  }
  Program program;
  CHECK(program.run({"copy", "h:5000/a", "g:5000/a", "--chunk-size", "much"}) == ExitCode::usage);
  CHECK(program.run({"copy", "h:5000/a", "g:5000/a", "--platform", "amigaos"}) == ExitCode::usage);
  CHECK(program.calls.empty());
}

TEST_CASE("copied OCI images are told by their digests") {
  Program program;
  program.prepare_verbs([](FakeVerbs& verbs) {
    verbs.report.tags = {{"docker://h:5000/app:1", "docker://g:5000/app:1", k_empty}};
    verbs.report.blobs_copied = 2;
    verbs.report.blobs_skipped = 1;
  });
  CHECK(program.run({"copy", "h:5000/app:1", "g:5000/app:1"}) == ExitCode::ok);
  CHECK(program.out() == "g:5000/app:1 " + k_empty + "\n");
  CHECK(program.run({"copy", "h:5000/app:1", "g:5000/app:1", "--format=json"}) == ExitCode::ok);
  const auto json = parse_json(program.out(), "it");
  CHECK(json["blobs"] == 2);
  CHECK(json["blobs_there"] == 1);
}

TEST_CASE("rm replaces a tag only when told to, and takes digests") {
  Program program;
  CHECK(program.run({"rm", "h:5000/app:1"}) == ExitCode::ok);
  CHECK_FALSE(program.session.v2.replaces_shared_tags);
  CHECK(program.run({"rm", "--replace-tag", "h:5000/app:1"}) == ExitCode::ok);
  CHECK(program.session.v2.replaces_shared_tags);
  CHECK(program.run({"rm", "h:5000/app@" + k_empty}) == ExitCode::ok);
  CHECK(program.calls == Words{"rm docker://h:5000/app@" + k_empty});
}

TEST_SUITE_END();
