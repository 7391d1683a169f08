// SPDX-License-Identifier: Apache-2.0
#include "support/temporary_folder.hpp"
#include "unit/cli/program.hpp"

#include <regctl/base/file.hpp>
#include <regctl/base/json.hpp>

#include <doctest/doctest.h>

#include <fstream>

using namespace regctl;
using namespace regctl::cli;
using namespace regctl::test;

namespace {

ops::ImageDetails some_details() {
  ops::ImageDetails details;
  details.place = "docker://h:5000/app:1";
  details.id = k_id_a;
  details.tags = {"1", "latest"};
  ops::ChainImage top;
  top.image = {k_id_a, R"({"id":")" + k_id_a + R"(","x":"\u001b"})", 162, {"sha256:" + k_id_b}, {}};
  top.info.id = k_id_a;
  top.info.parent = k_id_b;
  top.info.created = "2015-05-01T00:00:00Z";
  top.info.created_by = "/bin/sh -c #(nop) CMD [\"/bin/\x1b[31mhello\"] and a long tail of words";
  top.info.size_bytes = 4;
  ops::ChainImage base;
  base.image = {k_id_b, "{}", std::nullopt, {}, {}};
  base.info.id = k_id_b;
  details.chain = {top, base};
  return details;
}

} // namespace

TEST_SUITE_BEGIN("cli/image_commands");

TEST_CASE("inspect is JSON, or the image's own bytes") {
  Program program;
  program.prepare_verbs([](FakeVerbs& verbs) { verbs.details = some_details(); });
  CHECK(program.run({"inspect", "h:5000/app:1"}) == ExitCode::ok);
  const auto json = parse_json(program.out(), "it");
  CHECK(json["place"] == "docker://h:5000/app:1");
  CHECK(json["id"] == k_id_a);
  CHECK(json["tags"] == Json::array({"1", "latest"}));
  CHECK(json["size"].is_null()); // one layer's is not known
  CHECK(json["layers"].size() == 2);
  CHECK(json["layers"][0]["parent"] == k_id_b);
  CHECK(json["layers"][0]["size"] == 162);
  CHECK(json["layers"][0]["checksums"] == Json::array({"sha256:" + k_id_b}));
  CHECK(json["layers"][1]["parent"].is_null());
  CHECK(json["json"]["x"] == "\x1b");
  CHECK(program.out().find('\x1b') == std::string::npos);

  CHECK(program.run({"inspect", "--raw", "h:5000/app:1"}) == ExitCode::ok);
  CHECK(program.out() == some_details().chain.front().image.json);
}

TEST_CASE("history prints as docker's, or JSON") {
  Program program;
  program.prepare_verbs([](FakeVerbs& verbs) { verbs.details = some_details(); });
  CHECK(program.run({"history", "h:5000/app:1"}) == ExitCode::ok);
  CHECK(
      program.out() ==
      "IMAGE          CREATED       CREATED BY                                      SIZE   LAYER\n"
      "aaaaaaaaaaaa   4 weeks ago   /bin/sh -c #(nop) CMD [\"/bin/\\x1b[31mhello...   4 B    162 "
      "B\n"
      "bbbbbbbbbbbb   N/A                                                           N/A    N/A\n");
  CHECK(program.run({"history", "h:5000/app:1", "--no-trunc"}) == ExitCode::ok);
  CHECK(program.out().find("a long tail of words") != std::string::npos);
  CHECK(program.out().find(k_id_a) != std::string::npos);
  CHECK(program.run({"history", "h:5000/app:1", "--format=json"}) == ExitCode::ok);
  const auto json = parse_json(program.out(), "it");
  CHECK(json[0]["size"] == 162);
  CHECK(json[0]["unpacked_size"] == 4);
  CHECK(json[1]["size"].is_null());
  CHECK(json[1]["unpacked_size"].is_null());
  CHECK(json[1]["created"].is_null());
}

TEST_CASE("layer ls, get and files name the layer") {
  TemporaryFolder folder;
  Program program;
  program.prepare_verbs([](FakeVerbs& verbs) {
    verbs.details = some_details();
    verbs.layer = std::string("layer\0bytes", 11);
    TarEntry file;
    file.name = "bin/a\nb";
    file.mode = 0104755;
    file.size_bytes = 7;
    file.uid = 1;
    file.mtime_s = 1400000000;
    TarEntry link;
    link.name = "bin/l";
    link.link_name = "../x";
    link.type = '2';
    link.mode = 0120777; // with the type's bits, as old engines wrote
    verbs.files = {file, link};
  });
  CHECK(program.run({"layer", "ls", "h:5000/app:1"}) == ExitCode::ok);
  CHECK(program.out() == "LAYER ID       SIZE    CHECKSUM\n"
                         "aaaaaaaaaaaa   162 B   sha256:bbbbbbbbbbbb\n"
                         "bbbbbbbbbbbb   N/A\n");
  CHECK(program.run({"layer", "ls", "h:5000/app:1", "--format", "json"}) == ExitCode::ok);
  CHECK(parse_json(program.out(), "it")[1] ==
        Json{{"id", k_id_b}, {"parent", nullptr}, {"size", nullptr}, {"checksums", Json::array()}});

  CHECK(program.run({"layer", "get", "h:5000/app:1", "aaaa"}) == ExitCode::ok);
  CHECK(program.out() == std::string("layer\0bytes", 11));
  CHECK(program.calls == Words{"get docker://h:5000/app:1 aaaa"});
  const auto path = folder / "layer";
  CHECK(program.run({"layer", "get", "h:5000/app:1", "-o", path.string()}) == ExitCode::ok);
  CHECK(program.out().empty());
  CHECK(read_file(path, 100) == std::string("layer\0bytes", 11));

  CHECK(program.run({"layer", "files", "h:5000/app:1"}) == ExitCode::ok);
  CHECK(program.out() == "bin/a\\nb\nbin/l\n");
  CHECK(program.run({"layer", "files", "-l", "h:5000/app:1"}) == ExitCode::ok);
  CHECK(program.out() == "-rwsr-xr-x   1/0   7   2014-05-13 16:53   bin/a\\nb\n"
                         "lrwxrwxrwx   0/0   0   1970-01-01 00:00   bin/l -> ../x\n");
  CHECK(program.run({"layer", "files", "--format", "json", "h:5000/app:1"}) == ExitCode::ok);
  CHECK(parse_json(program.out(), "it")[1] == Json{{"name", "bin/l"},
                                                   {"type", "symbolic link"},
                                                   {"size", 0},
                                                   {"mode", 0777},
                                                   {"uid", 0},
                                                   {"gid", 0},
                                                   {"changed", "1970-01-01T00:00:00Z"},
                                                   {"link", "../x"}});
}

TEST_CASE("export writes a tar to a file or to standard output") {
  TemporaryFolder folder;
  Program program;
  program.prepare_verbs([](FakeVerbs& verbs) { verbs.layer = std::string("a tar\0", 6); });
  const auto path = (folder / "files.tar").string();
  CHECK(program.run({"export", "h:5000/app:1", path}) == ExitCode::ok);
  CHECK(program.out().empty());
  CHECK(read_file(path, 100) == std::string("a tar\0", 6));
  CHECK(program.run({"export", "h:5000/app:1", path, "--format", "json"}) == ExitCode::ok);
  CHECK(parse_json(program.out(), "it") ==
        Json{{"place", "docker://h:5000/app:1"}, {"file", path}, {"size", 6}});
  for (const auto& words :
       {Words{"export", "h:5000/app:1"}, Words{"export", "h:5000/app:1", "-"}}) {
    CHECK(program.run(words) == ExitCode::ok);
    CHECK(program.out() == std::string("a tar\0", 6));
  }
}

TEST_CASE("export hands on what is chosen") {
  Program program;
  CHECK(program.run({"export", "h:5000/app", "--platform", "aarch64", "--no-verify"}) ==
        ExitCode::ok);
  CHECK(program.calls == Words{"export docker://h:5000/app for linux/arm64 unverified"});
  CHECK(program.run({"export", "h:5000/app"}) == ExitCode::ok);
  CHECK(program.calls == Words{"export docker://h:5000/app"});
  CHECK(program.run({"export", "h:5000/app", "--platform", "amd64,arm64"}) == ExitCode::usage);
}

TEST_CASE("a tar goes neither to a terminal nor between JSON") {
  Program program;
  CHECK(program.run({"export", "h:5000/app", "--format", "json"}) == ExitCode::usage);
  program.out_is_terminal = true;
  CHECK(program.run({"export", "h:5000/app"}) == ExitCode::usage);
  CHECK(program.err().find("name a file") != std::string::npos);
  CHECK(program.calls.empty());
}

TEST_CASE("layer put sends two files and prints the ID") {
  TemporaryFolder folder;
  const auto json = R"({"id":")" + k_id_a + R"("})";
  std::ofstream(folder / "json") << json;
  std::ofstream(folder / "layer") << "bytes";
  const Words words = {"layer", "put", "h:5000/app", (folder / "json").string(),
                       (folder / "layer").string()};
  Program program;
  CHECK(program.run(words) == ExitCode::ok);
  CHECK(program.out() == k_id_a + "\n");
  CHECK(program.err().empty());
  CHECK(program.calls == Words{"put docker://h:5000/app " + json + " bytes 5"});

  program.prepare_verbs([](FakeVerbs& verbs) { verbs.outcome = PutOutcome::already_there; });
  CHECK(program.run(words) == ExitCode::ok);
  CHECK(program.out() == k_id_a + "\n");
  CHECK(program.err() == "regctl: image aaaaaaaaaaaa is there already, skipping\n");
  auto with_json = words;
  with_json.emplace_back("--format=json");
  CHECK(program.run(with_json) == ExitCode::ok);
  CHECK(parse_json(program.out(), "it") == Json{{"id", k_id_a}, {"outcome", "there already"}});

  auto missing = words;
  missing.back() += ".not";
  CHECK(program.run(missing) == ExitCode::not_found);
  missing.back() = folder.path().string();
  CHECK(program.run(missing) == ExitCode::local_io);
  CHECK(program.calls.empty());
}

TEST_SUITE_END();
