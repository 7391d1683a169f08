// SPDX-License-Identifier: Apache-2.0
#include "support/temporary_folder.hpp"
#include "unit/cli/program.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/base/json.hpp>

#include <doctest/doctest.h>

#include <fstream>

using namespace regctl;
using namespace regctl::cli;
using regctl::test::FakeVerbs;
using regctl::test::k_id_a;
using regctl::test::k_id_b;
using regctl::test::Program;
using regctl::test::TemporaryFolder;

namespace {

using Words = std::vector<std::string>;

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

void prepare(Program& program, std::function<void(FakeVerbs&)> prepare) {
  program.prepare = [prepare = std::move(prepare)](FakeVerbs& verbs, ops::Progress&) {
    prepare(verbs);
  };
}

ops::CopyReport some_report() {
  return {{{"docker://h:5000/app:1", "docker://g:5000/app:1", k_id_a},
           {"docker://h:5000/app:2", "docker://g:5000/app:2", k_id_b}},
          3,
          1,
          1000};
}

} // namespace

TEST_SUITE_BEGIN("cli/commands");

TEST_CASE("ping says what the host speaks") {
  Program program;
  CHECK(program.run({"ping", "docker://H:5000/"}) == ExitCode::ok);
  CHECK(program.out() == "http://h:5000 speaks v1, version 0.9.1, standalone\n");
  CHECK(program.run({"ping", "h:5000", "--format", "json"}) == ExitCode::ok);
  CHECK(parse_json(program.out(), "it") == Json{{"host", "h:5000"},
                                                {"url", "http://h:5000"},
                                                {"protocols", Json::array({"v1"})},
                                                {"standalone", true},
                                                {"version", "0.9.1"}});
}

TEST_CASE("search takes the term as docker does") {
  struct Row {
    Words words;
    std::string call;
  };
  const Row rows[] = {
      {{"search", "h:5000"}, "search h:5000 ''"},
      {{"search", "h:5000/"}, "search h:5000 ''"},
      {{"search", "h:5000", "te/am"}, "search h:5000 'te/am'"},
      {{"search", "h:5000/te/am"}, "search h:5000 'te/am'"},
      {{"search", "docker://h:5000/app"}, "search h:5000 'app'"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.call);
    Program program;
    CHECK(program.run(row.words) == ExitCode::ok);
    CHECK(program.calls == Words{row.call});
  }
  Program program;
  CHECK(program.run({"search", "h/a", "b"}) == ExitCode::usage);
  CHECK(program.run({"search", "http://h"}) == ExitCode::usage);
}

TEST_CASE("search prints a table as docker's, or JSON") {
  Program program;
  prepare(program, [](FakeVerbs& verbs) {
    verbs.found = {{"team/app", "An \x1b[31mapp", 12, true, false},
                   {"x", std::string(60, 'd'), 0, false, true}};
  });
  CHECK(program.run({"search", "h"}) == ExitCode::ok);
  CHECK(program.out() ==
        "NAME       DESCRIPTION                                     STARS   OFFICIAL   AUTOMATED\n"
        "team/app   An \\x1b[31mapp                                  12      [OK]\n"
        "x          " +
            std::string(42, 'd') + "...   0                  [OK]\n");
  CHECK(program.run({"search", "h", "--no-trunc"}) == ExitCode::ok);
  CHECK(program.out().find(std::string(60, 'd')) != std::string::npos);
  CHECK(program.run({"search", "h", "--format", "json"}) == ExitCode::ok);
  const auto json = parse_json(program.out(), "it");
  CHECK(json.size() == 2);
  CHECK(json[0] == Json{{"name", "team/app"},
                        {"description", "An \x1b[31mapp"},
                        {"stars", 12},
                        {"official", true},
                        {"automated", false}});
}

TEST_CASE("images asks for a host, a repository or an archive") {
  struct Row {
    std::string place;
    std::string call;
  };
  const Row rows[] = {
      {"h:5000", "images at h:5000"},
      {"docker://h", "images at h"},
      {"h.x/", "images at h.x"},
      {"[::1]:5000", "images at [::1]:5000"},
      {"h:5000/app", "images of docker://h:5000/app"},
      {"h:5000/app:1", "images of docker://h:5000/app:1"},
      {"app.tar", "images of docker-archive:app.tar"},
      {"./h", "images of docker-archive:./h"},
      {"-", "images of docker-archive:-"},
      {"docker-archive:x", "images of docker-archive:x"},
      {"docker-daemon:app:1", "images of docker-daemon:docker.io/app:1"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.place);
    Program program;
    CHECK(program.run({"images", row.place}) == ExitCode::ok);
    CHECK(program.calls == Words{row.call});
  }
}

TEST_CASE("images prints a table as docker's, or JSON, and says what cannot be read") {
  Program program;
  prepare(program, [](FakeVerbs& verbs) {
    verbs.rows = {{"team/app", "1.0", k_id_a, "2015-05-11T00:00:00Z", 65'566, ""},
                  {"team/app", "bad\n", std::nullopt, "", std::nullopt, "cannot be read"}};
  });
  CHECK(program.run({"images", "h"}) == ExitCode::ok);
  CHECK(program.out() == "REPOSITORY   TAG     IMAGE ID       CREATED       SIZE\n"
                         "team/app     1.0     aaaaaaaaaaaa   3 weeks ago   65.57 kB\n"
                         "team/app     bad\\n   <none>         N/A           N/A\n");
  CHECK(program.err() == "regctl: team/app:bad\\n: cannot be read\n");
  CHECK(program.run({"images", "h", "--no-trunc", "-q"}) == ExitCode::ok);
  CHECK(program.out().find(k_id_a) != std::string::npos);
  CHECK(program.err().empty());
  CHECK(program.run({"images", "h", "--format", "json"}) == ExitCode::ok);
  CHECK(parse_json(program.out(), "it") == Json::array({{{"repository", "team/app"},
                                                         {"tag", "1.0"},
                                                         {"id", k_id_a},
                                                         {"created", "2015-05-11T00:00:00Z"},
                                                         {"size", 65'566},
                                                         {"problem", nullptr}},
                                                        {{"repository", "team/app"},
                                                         {"tag", "bad\n"},
                                                         {"id", nullptr},
                                                         {"created", nullptr},
                                                         {"size", nullptr},
                                                         {"problem", "cannot be read"}}}));
}

TEST_CASE("tags are one per line in the order of people") {
  Program program;
  prepare(program, [](FakeVerbs& verbs) {
    verbs.tags = {{"1.10", k_id_a}, {"1.9", k_id_b}, {"bad", std::nullopt}, {"\x1b[2J", k_id_a}};
  });
  CHECK(program.run({"tags", "h:5000/app"}) == ExitCode::ok);
  CHECK(program.out() == "\\x1b[2J\n1.9\n1.10\n");
  CHECK(program.err() == "regctl: tag bad is listed, but the registry cannot read it\n");
  CHECK(program.run({"tags", "-l", "h:5000/app"}) == ExitCode::ok);
  CHECK(program.out() == "TAG       IMAGE ID\n"
                         "\\x1b[2J   aaaaaaaaaaaa\n"
                         "1.9       bbbbbbbbbbbb\n"
                         "1.10      aaaaaaaaaaaa\n");
  CHECK(program.run({"tags", "h:5000/app", "--format", "json"}) == ExitCode::ok);
  const auto json = parse_json(program.out(), "it");
  CHECK(json.size() == 4);
  CHECK(json[3] == Json{{"tag", "bad"}, {"id", nullptr}});

  CHECK(program.run({"tags", "h:5000"}) == ExitCode::usage);
  CHECK(program.err().find("hint: 'regctl images h:5000' lists all") != std::string::npos);
  CHECK(program.run({"tags", "h:5000/app:1"}) == ExitCode::usage);
}

TEST_CASE("inspect is JSON, or the image's own bytes") {
  Program program;
  prepare(program, [](FakeVerbs& verbs) { verbs.details = some_details(); });
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
  prepare(program, [](FakeVerbs& verbs) { verbs.details = some_details(); });
  CHECK(program.run({"history", "h:5000/app:1"}) == ExitCode::ok);
  CHECK(program.out() ==
        "IMAGE          CREATED       CREATED BY                                      SIZE\n"
        "aaaaaaaaaaaa   4 weeks ago   /bin/sh -c #(nop) CMD [\"/bin/\\x1b[31mhello...   4 B\n"
        "bbbbbbbbbbbb   N/A                                                           0 B\n");
  CHECK(program.run({"history", "h:5000/app:1", "--no-trunc"}) == ExitCode::ok);
  CHECK(program.out().find("a long tail of words") != std::string::npos);
  CHECK(program.out().find(k_id_a) != std::string::npos);
  CHECK(program.run({"history", "h:5000/app:1", "--format=json"}) == ExitCode::ok);
  const auto json = parse_json(program.out(), "it");
  CHECK(json[0]["size"] == 162);
  CHECK(json[0]["unpacked_size"] == 4);
  CHECK(json[1]["created"].is_null());
}

TEST_CASE("layer ls, get and files name the layer") {
  TemporaryFolder folder;
  Program program;
  prepare(program, [](FakeVerbs& verbs) {
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
    link.mode = 0777;
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
                                                   {"mtime", 0},
                                                   {"link", "../x"}});
}

TEST_CASE("binary is not for terminals") {
  Program program;
  program.out_is_terminal = true;
  for (const Words& words :
       {Words{"layer", "get", "h:5000/app:1"}, Words{"layer", "get", "h:5000/app:1", "-o", "-"},
        Words{"pull", "h:5000/app:1", "-"}, Words{"copy", "h:5000/app:1", "-"}}) {
    CHECK(program.run(words) == ExitCode::usage);
    CHECK(program.calls.empty());
  }
  program.in_is_terminal = true;
  CHECK(program.run({"push", "-", "h:5000/app:1"}) == ExitCode::usage);
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

  prepare(program, [](FakeVerbs& verbs) { verbs.outcome = PutOutcome::already_there; });
  CHECK(program.run(words) == ExitCode::ok);
  CHECK(program.out() == k_id_a + "\n");
  CHECK(program.err() == "regctl: image aaaaaaaaaaaa is there already, skipping\n");
  auto with_json = words;
  with_json.emplace_back("--format=json");
  CHECK(program.run(with_json) == ExitCode::ok);
  CHECK(parse_json(program.out(), "it") == Json{{"id", k_id_a}, {"outcome", "already_there"}});

  auto missing = words;
  missing.back() += ".not";
  CHECK(program.run(missing) == ExitCode::not_found);
  missing.back() = folder.path().string();
  CHECK(program.run(missing) == ExitCode::local_io);
  CHECK(program.calls.empty());
}

TEST_CASE("pull chooses a file that says what is in it") {
  struct Row {
    Words words;
    std::string call;
    std::string out;
  };
  const Row rows[] = {
      {{"h:5000/team/app:1.0"},
       "copy docker://h:5000/team/app:1.0 docker-archive:app_1.0.tar",
       "app_1.0.tar\n"},
      {{"h:5000/app"},
       "copy docker://h:5000/app docker-archive:app_latest.tar",
       "app_latest.tar\n"},
      {{"-a", "h:5000/app"}, "copy docker://h:5000/app docker-archive:app.tar all", "app.tar\n"},
      {{"h:5000/app", "x.tar"}, "copy docker://h:5000/app docker-archive:x.tar", "x.tar\n"},
      {{"h:5000/app", "./x"}, "copy docker://h:5000/app docker-archive:./x", "./x\n"},
      {{"h:5000/app", "-"}, "copy docker://h:5000/app docker-archive:-", ""},
      {{"--no-verify", "h:5000/app"},
       "copy docker://h:5000/app docker-archive:app_latest.tar unverified",
       "app_latest.tar\n"},
      {{"h:5000/app", "docker-daemon:"},
       "copy docker://h:5000/app docker-daemon:",
       "g:5000/app:1 aaaaaaaaaaaa\ng:5000/app:2 bbbbbbbbbbbb\n"},
  };
  for (auto row : rows) {
    CAPTURE(row.call);
    Program program;
    prepare(program, [](FakeVerbs& verbs) { verbs.report = some_report(); });
    row.words.insert(row.words.begin(), "pull");
    CHECK(program.run(row.words) == ExitCode::ok);
    CHECK(program.calls == Words{row.call});
    CHECK(program.out() == row.out);
  }
}

TEST_CASE("pull refuses what cannot be meant") {
  for (const Words& words :
       {Words{"pull", "app.tar", "x.tar"}, Words{"push", "app.tar", "h.x:5000/"},
        Words{"pull", "h:5000/app", "g:5000/app"}, Words{"pull", "h.x:5000"},
        Words{"pull", "-a", "h:5000/app:1"}, Words{"pull", "h:5000/app", "out"},
        Words{"pull", "h:5000/app", "-", "--format", "json"}}) {
    Program program;
    CHECK(program.run(words) == ExitCode::usage);
    CHECK(program.calls.empty());
  }
}

TEST_CASE("push and copy name both ends and print one line for each tag") {
  struct Row {
    Words words;
    std::string call;
  };
  const Row rows[] = {
      {{"push", "app.tar", "h:5000/app:1"}, "copy docker-archive:app.tar docker://h:5000/app:1"},
      {{"push", "-", "h:5000/app"}, "copy docker-archive:- docker://h:5000/app"},
      {{"push", "app.tar", "h:5000"}, "copy docker-archive:app.tar docker:// at h:5000"},
      {{"push", "app.tar"}, "copy docker-archive:app.tar docker://"},
      {{"push", "-a", "app.tar", "h:5000", "--no-compress"},
       "copy docker-archive:app.tar docker:// at h:5000 all plain"},
      {{"push", "docker-daemon:app:1", "h:5000/app:1"},
       "copy docker-daemon:docker.io/app:1 docker://h:5000/app:1"},
      {{"copy", "h:5000/app:1", "g:5000/app:1"},
       "copy docker://h:5000/app:1 docker://g:5000/app:1"},
      {{"cp", "-a", "h:5000/app", "g:5000"}, "copy docker://h:5000/app docker:// at g:5000 all"},
      {{"copy", "h:5000/app:1", "x.tar"}, "copy docker://h:5000/app:1 docker-archive:x.tar"},
      {{"copy", "x.tar", "docker-daemon:"}, "copy docker-archive:x.tar docker-daemon:"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.call);
    Program program;
    prepare(program, [](FakeVerbs& verbs) { verbs.report = some_report(); });
    CHECK(program.run(row.words) == ExitCode::ok);
    CHECK(program.calls == Words{row.call});
    CHECK(program.out() == "g:5000/app:1 aaaaaaaaaaaa\ng:5000/app:2 bbbbbbbbbbbb\n");
  }
  Program program;
  prepare(program, [](FakeVerbs& verbs) { verbs.report = some_report(); });
  CHECK(program.run({"copy", "h:5000/app", "-"}) == ExitCode::ok);
  CHECK(program.out().empty());
  CHECK(program.run({"copy", "h:5000/app:1", "g:5000", "--format", "json"}) == ExitCode::ok);
  const auto json = parse_json(program.out(), "it");
  CHECK(json["tags"][0] == Json{{"source", "docker://h:5000/app:1"},
                                {"destination", "docker://g:5000/app:1"},
                                {"id", k_id_a}});
  CHECK(json["images_copied"] == 3);
  CHECK(json["images_skipped"] == 1);
  CHECK(json["bytes"] == 1000);
  CHECK(program.run({"push", "h:5000/app", "g:5000/app"}) == ExitCode::usage);
  CHECK(program.run({"copy", "h:5000", "g:5000"}) == ExitCode::usage);
  CHECK(program.run({"copy", "-a", "h:5000/app:1", "g:5000"}) == ExitCode::usage);
}

TEST_CASE("tag takes bare tags, whole names and IDs") {
  Program program;
  CHECK(program.run({"tag", "h:5000/app:1", "stable", "h:5000/other"}) == ExitCode::ok);
  CHECK(program.calls ==
        Words{"tag h:5000/app:1 h:5000/app:stable", "tag h:5000/app:1 h:5000/other"});
  CHECK(program.out() == "h:5000/app:stable aaaaaaaaaaaa\nh:5000/other:latest aaaaaaaaaaaa\n");
  CHECK(program.run({"tag", "--id", k_id_b, "h:5000/app:2", "--format", "json"}) == ExitCode::ok);
  CHECK(program.calls == Words{"tag " + k_id_b + " h:5000/app:2"});
  CHECK(parse_json(program.out(), "it") ==
        Json::array({{{"tag", "h:5000/app:2"}, {"id", k_id_b}}}));
  CHECK(program.run({"tag", k_id_b, "h:5000/app:2"}) == ExitCode::ok);
  CHECK(program.calls == Words{"tag " + k_id_b + " h:5000/app:2"});
  CHECK(program.run({"tag", "h:5000/app:1"}) == ExitCode::usage);
  CHECK(program.run({"tag", "h:5000/app:1", "good", "h:5000/:bad"}) == ExitCode::usage);
  CHECK(program.calls.empty());
}

TEST_CASE("rm removes tags, and repositories only when told twice") {
  Program program;
  CHECK(program.run({"rm", "h:5000/app:1", "h:5000/app:2"}) == ExitCode::ok);
  CHECK(program.calls == Words{"rm docker://h:5000/app:1", "rm docker://h:5000/app:2"});
  CHECK(program.out() == "h:5000/app:1\nh:5000/app:2\n");
  CHECK(program.run({"rm", "h:5000/app:1", "h:5000/app"}) == ExitCode::usage);
  CHECK(program.calls.empty()); // not even the first

  CHECK(program.run({"rm", "--repository", "h:5000/app"}) == ExitCode::usage); // nobody to ask
  CHECK(program.calls.empty());
  program.answer = "n";
  CHECK(program.run({"rm", "--repository", "h:5000/app"}) == ExitCode::usage);
  CHECK(program.calls.empty());
  program.answer = "y";
  CHECK(program.run({"rm", "--repository", "h:5000/app"}) == ExitCode::ok);
  CHECK(program.calls == Words{"rm all of docker://h:5000/app"});
  CHECK(program.asked.back() == "Remove h:5000/app with all its tags? [y/N] ");
  program.answer.reset();
  CHECK(program.run({"rm", "--repository", "-y", "h:5000/app", "--format=json"}) == ExitCode::ok);
  CHECK(parse_json(program.out(), "it") == Json::array({"h:5000/app"}));
}

TEST_CASE("properties shows and sets who may read") {
  Program program;
  CHECK(program.run({"properties", "h:5000/app"}) == ExitCode::ok);
  CHECK(program.out() == "h:5000/app is private\n");
  CHECK(program.run({"properties", "h:5000/app", "--access", "public"}) == ExitCode::ok);
  CHECK(program.calls == Words{"set h:5000/app public"});
  CHECK(program.out() == "h:5000/app is public\n");
  CHECK(program.run({"properties", "h:5000/app", "--format", "json"}) == ExitCode::ok);
  CHECK(parse_json(program.out(), "it") ==
        Json{{"repository", "h:5000/app"}, {"access", "private"}});
  CHECK(program.run({"properties", "h:5000/app", "--access", "all"}) == ExitCode::usage);
}

TEST_CASE("audit takes a tree, a registry, or a part of them") {
  struct Row {
    Words words;
    std::string call;
  };
  const Row rows[] = {
      {{"audit", "h:5000"}, "audit at h:5000"},
      {{"audit", "--deep", "docker://h/"}, "audit at h deep"},
      {{"audit", "h:5000/app"}, "audit docker://h:5000/app"},
      {{"audit", "v1-storage:d"}, "audit v1-storage:d"},
      {{"audit", "v1-storage:d:app:1", "--deep"}, "audit v1-storage:d:app:1 deep"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.call);
    Program program;
    CHECK(program.run(row.words) == ExitCode::ok);
    CHECK(program.calls == Words{row.call});
  }
}

TEST_CASE("audit prints what is not sound first, all with --all, and ends with 7 for damage") {
  Program program;
  prepare(program, [](FakeVerbs& verbs) {
    verbs.audited_tags = {{"app", "1", k_id_a, ops::Verdict::layer_missing, true, k_id_b, "", {}},
                          {"app", "2", k_id_b, ops::Verdict::sound, false, "", "", 1000}};
    ops::AuditedImage dead{k_id_b, ops::Verdict::dead_upload, true, "no layer", {}, "app", true,
                           {}};
    dead.changed = std::chrono::system_clock::from_time_t(1400000000);
    verbs.audited_images = {dead, {k_id_a, ops::Verdict::sound, false, "", 1000, "app", false, {}}};
    for (int i = 0; i < 22; ++i) {
      verbs.audited_repositories.push_back({"r" + std::to_string(i), 1, 0, 3000, 1000, 2000});
    }
    verbs.summary.place = "h";
    verbs.summary.sees_orphans = true;
    verbs.summary.repositories = 22;
    verbs.summary.tags = {{ops::Verdict::sound, {1, 0}}, {ops::Verdict::layer_missing, {1, 0}}};
    verbs.summary.images = {{ops::Verdict::orphan, {2, 500}}, {ops::Verdict::old_checksum, {1, 5}}};
    verbs.summary.damaged_tags = 1;
    verbs.summary.shared_bytes = 1000;
  });
  CHECK(program.run({"audit", "h"}) == ExitCode::integrity);
  const auto out = program.out();
  CHECK(out.starts_with(
      "VERDICT         IMAGE          AT FAULT       SIZE   TAG\n"
      "layer missing   aaaaaaaaaaaa   bbbbbbbbbbbb   N/A    app:1\n\n"
      "VERDICT       IMAGE          LAYER   REACHED BY   DETAIL\n"
      "dead upload   bbbbbbbbbbbb   N/A     app ...      since 2014-05-13 16:53; no layer\n\n"
      "TAGS   DAMAGED   SIZE   SHARED   WOULD FREE   REPOSITORY\n"
      "1      0         3 kB   1 kB     2 kB         r0\n"));
  CHECK(out.ends_with("r19\n... and 2 repositories more: --all\n\n"
                      "2 tags in 22 repositories: sound 1, layer missing 1\n"
                      "3 images, 505 B: orphan 2, old checksum 1\n"
                      "1 kB shared by several repositories, 500 B that no tag reaches (regctl gc)\n"
                      "1 tag and 0 images damaged\n"
                      "1 image to be mended by regctl repair\n"
                      "layers were not read: --deep reads them\n"));
  CHECK(program.run({"audit", "h", "--all", "--no-trunc"}) == ExitCode::integrity);
  CHECK(program.out().find("sound           " + k_id_b) != std::string::npos);
  CHECK(program.out().find("r21\n") != std::string::npos);
  CHECK(program.out().find("more: --all") == std::string::npos);

  CHECK(program.run({"audit", "h", "--format", "json"}) == ExitCode::integrity);
  const auto json = parse_json(program.out(), "it");
  CHECK(json["tags"].size() == 2);
  CHECK(json["tags"][0] == Json{{"repository", "app"},
                                {"tag", "1"},
                                {"id", k_id_a},
                                {"verdict", "layer missing"},
                                {"damaged", true},
                                {"at_fault", k_id_b},
                                {"detail", nullptr},
                                {"size", nullptr}});
  CHECK(json["images"][0] == Json{{"id", k_id_b},
                                  {"verdict", "dead upload"},
                                  {"damaged", true},
                                  {"detail", "no layer"},
                                  {"size", nullptr},
                                  {"repository", "app"},
                                  {"shared", true},
                                  {"changed", "2014-05-13T16:53:20Z"}});
  CHECK(json["repositories"].size() == 22);
  CHECK(json["repositories"][0]["would_free"] == 2000);
  CHECK(json["summary"]["tags_by_verdict"] == Json{{"sound", 1}, {"layer missing", 1}});
}

TEST_CASE("audit of nothing is a whole document") {
  Program program;
  CHECK(program.run({"audit", "h", "--format", "json"}) == ExitCode::ok);
  const auto json = parse_json(program.out(), "it");
  CHECK(json["tags"] == Json::array());
  CHECK(json["images"] == Json::array());
  CHECK(json["repositories"] == Json::array());
  CHECK(json["summary"]["damaged"] == false);
  CHECK(program.run({"audit", "h"}) == ExitCode::ok);
  CHECK(program.out().find("nothing damaged\n") != std::string::npos);
}

TEST_CASE("repair prints each act") {
  Program program;
  CHECK(program.run({"repair", "v1-storage:d"}) == ExitCode::ok);
  CHECK(program.calls == Words{"repair d"});
  CHECK(program.out() == "nothing to repair\n");
  prepare(program, [](FakeVerbs& verbs) {
    using Kind = ops::RepairAct::Kind;
    verbs.acts = {{Kind::rebuild_ancestry, k_id_a, "", "", "missing"},
                  {Kind::drop_tag, "", "app", "1", "no ID"}};
  });
  CHECK(program.run({"repair", "-n", "--drop-tags", "v1-storage:d"}) == ExitCode::ok);
  CHECK(program.calls == Words{"repair d dry drop tags"});
  CHECK(program.out() == "ACT                IMAGE          TAG     WHY\n"
                         "rebuild ancestry   aaaaaaaaaaaa           missing\n"
                         "drop tag           <none>         app:1   no ID\n"
                         "nothing was changed: leave out --dry-run to do it\n");
  CHECK(program.run({"repair", "v1-storage:d", "--format", "json"}) == ExitCode::ok);
  const auto json = parse_json(program.out(), "it");
  CHECK(json["dry_run"] == false);
  CHECK(json["acts"][1] == Json{{"act", "drop tag"},
                                {"id", nullptr},
                                {"repository", "app"},
                                {"tag", "1"},
                                {"why", "no ID"}});
}

TEST_CASE("gc tells what it does, or would do") {
  Program program;
  prepare(program, [](FakeVerbs& verbs) {
    verbs.garbage = {{k_id_a, ops::GcImage::Why::orphan, 1000}};
    verbs.collected = {1, 1000, 1, 5, 1, 7};
  });
  CHECK(program.run({"gc", "v1-storage:d"}) == ExitCode::ok);
  CHECK(program.calls == Words{"gc d 86400"});
  CHECK(program.out() ==
        "WHY      IMAGE" + std::string(62, ' ') + "LAYER\norphan   " + k_id_a + "   1 kB\n" +
            "would remove 1 image, 1 kB, and 1 half-written file, 5 B; 7 images stay\n"
            "1 of them is a dead upload that may yet go on: --grace\n"
            "nothing was removed: --apply removes\n");
  CHECK(program.run({"gc", "--apply", "--force", "v1-storage:d", "--format", "json"}) ==
        ExitCode::ok);
  CHECK(program.calls == Words{"gc d apply force 86400"});
  CHECK(parse_json(program.out(), "it")["images"][0] ==
        Json{{"id", k_id_a}, {"why", "orphan"}, {"size", 1000}});
}

TEST_CASE("gc's grace is a duration") {
  struct Row {
    std::string text;
    std::string call; ///< empty: refused
  };
  const Row rows[] = {{"0", "gc d 0"},
                      {"90s", "gc d 90"},
                      {"30m", "gc d 1800"},
                      {"2h", "gc d 7200"},
                      {"1w1d", "gc d 691200"},
                      {"", ""},
                      {"24", ""},
                      {"-1h", ""},
                      {"1y", ""},
                      {"999999999999d", ""}};
  for (const auto& row : rows) {
    CAPTURE(row.text);
    Program program;
    const auto code = program.run({"gc", "v1-storage:d", "--grace=" + row.text});
    CHECK((code == ExitCode::ok) == !row.call.empty());
    CHECK(program.calls == (row.call.empty() ? Words{} : Words{row.call}));
  }
}

TEST_CASE("repair and gc want a whole tree") {
  for (const auto& command : {"repair", "gc"}) {
    for (const auto& place : {"d", "h:5000", "v1-storage:d:app", "docker-archive:d"}) {
      CAPTURE(place);
      Program program;
      CHECK(program.run({command, place}) == ExitCode::usage);
      CHECK(program.calls.empty());
    }
  }
}

TEST_CASE("version is a line, or JSON") {
  Program program;
  CHECK(program.run({"version"}) == ExitCode::ok);
  CHECK(program.out().starts_with("regctl "));
  const auto line = program.out();
  CHECK(program.run({"--version"}) == ExitCode::ok);
  CHECK(program.out() == line);
  CHECK(program.run({"version", "--format", "json"}) == ExitCode::ok);
  CHECK("regctl " + parse_json(program.out(), "it")["version"].get<std::string>() + "\n" == line);
}

TEST_CASE("diff and verify take places as mirror does, and filters") {
  struct Row {
    Words words;
    std::string call;
  };
  const Row rows[] = {
      {{"diff", "h:5000", "g:5000/old/"}, "diff docker://h:5000 docker://g:5000/old/"},
      {{"diff", "h:5000/app:1", "v1-storage:x:app"}, "diff docker://h:5000/app:1 v1-storage:x:app"},
      {{"diff", "h", "g", "--include", "other/*", "--exclude-tag", "1.*"},
       "diff docker://h docker://g without team/app without 1.0"},
      {{"diff", "h", "g", "--exclude", "team/*", "--include-tag", "2.*"},
       "diff docker://h docker://g without team/app without 1.0"},
      {{"verify", "h"}, "verify docker://h"},
      {{"verify", "h", "g", "--deep"}, "verify docker://h docker://g deep"},
      {{"verify", "h", "--exclude", "team/*"}, "verify docker://h without team/app"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.call);
    Program program;
    CHECK(program.run(row.words) == ExitCode::ok);
    CHECK(program.calls == Words{row.call});
    CHECK(program.out().empty()); // nothing differs
  }
  Program program;
  CHECK(program.run({"diff", "h"}) == ExitCode::usage);
  CHECK(program.run({"verify", "h", "g", "f"}) == ExitCode::usage);
  CHECK(program.run({"verify", "h", "--include", "/(/"}) == ExitCode::usage);
}

TEST_CASE("diff prints what differs and ends with 10, or with the cause of having seen nothing") {
  Program program;
  prepare(program, [](FakeVerbs& verbs) {
    verbs.differences = {{"team/app", "1.0", ops::Difference::different, k_id_a, k_id_b},
                         {"x", "\x1b", ops::Difference::missing, k_id_a, std::nullopt}};
    verbs.diff_summary.repositories = 3;
    verbs.diff_summary.same = 5;
    verbs.diff_summary.missing = 1;
    verbs.diff_summary.different = 1;
  });
  CHECK(program.run({"diff", "h", "g"}) == ExitCode::partial);
  CHECK(program.out() == "REPOSITORY   TAG    DIFFERENCE   A              B\n"
                         "team/app     1.0    different    aaaaaaaaaaaa   bbbbbbbbbbbb\n"
                         "x            \\x1b   missing      aaaaaaaaaaaa   -\n");
  CHECK(program.err() == "regctl: 3 repositories: 5 tags are the same, 1 missing, 1 different\n");
  CHECK(program.run({"diff", "h", "g", "--no-trunc", "--quiet"}) == ExitCode::partial);
  CHECK(program.out().find(k_id_b) != std::string::npos);
  CHECK(program.err().empty());
  CHECK(program.run({"diff", "h", "g", "--format", "json"}) == ExitCode::partial);
  CHECK(parse_json(program.out(), "it")[1] == Json{{"repository", "x"},
                                                   {"tag", "\x1b"},
                                                   {"difference", "missing"},
                                                   {"a", k_id_a},
                                                   {"b", nullptr},
                                                   {"problem", nullptr}});

  const auto denied = std::make_exception_ptr(Error(ErrorKind::denied, "no entry"));
  struct Row {
    std::uint64_t compared;
    bool have_one_cause;
    ExitCode code;
  };
  for (const auto& row : {Row{0, true, ExitCode::denied}, Row{1, true, ExitCode::partial},
                          Row{0, false, ExitCode::partial}}) {
    prepare(program, [&](FakeVerbs& verbs) {
      verbs.diff_summary.repositories = row.compared;
      verbs.diff_summary.problems = {2, denied, row.have_one_cause};
    });
    CHECK(program.run({"diff", "h", "g"}) == row.code);
    CHECK(program.err().find("regctl: team/lost: no entry\n") == 0);
  }
}

TEST_CASE("verify prints every finding and ends with 7 for damage, whatever else there is") {
  using Where = ops::Finding::Where;
  const std::vector<ops::VerifiedTag> tags = {
      {"team/app", "1.0", k_id_a, {}},
      {"team/app",
       "2.0",
       k_id_a,
       {{ops::Fault::ancestry_wrong, Where::a, k_id_a, ""},
        {ops::Fault::layer_cut, Where::b, k_id_b, "it has no bytes"}}},
      {"x", "1.0", std::nullopt, {{ops::Fault::tag_differs, Where::between, "", ""}}}};
  Program program;
  prepare(program, [&](FakeVerbs& verbs) {
    verbs.verified = tags;
    verbs.verify_summary.repositories = 2;
    verbs.verify_summary.sound = 1;
    verbs.verify_summary.damaged = 2;
    verbs.verify_summary.images = 2;
    verbs.verify_summary.layers_read = 3;
    verbs.verify_summary.bytes_read = 1500;
    verbs.verify_summary.sums_unknown = 1;
    verbs.verify_summary.problems.number = 1;
    verbs.verify_summary.problems.first =
        std::make_exception_ptr(Error(ErrorKind::denied, "no entry"));
  });
  CHECK(program.run({"verify", "h:1", "g:1", "--deep"}) == ExitCode::integrity);
  CHECK(program.out() ==
        "REPOSITORY   TAG   VERDICT           IMAGE          AT     DETAIL\n"
        "team/app     2.0   ancestry wrong    aaaaaaaaaaaa   h:1\n"
        "team/app     2.0   layer cut short   bbbbbbbbbbbb   g:1    it has no bytes\n"
        "x            1.0   tag differs       -              both\n");
  CHECK(program.err() ==
        "regctl: team/lost: no entry\n"
        "regctl: 2 repositories, 3 tags: 1 sound, 2 damaged; 2 images, 3 layers read, 1.5 kB, 1 "
        "layers without a checksum\n");
  CHECK(program.run({"verify", "h:1", "--all"}) == ExitCode::integrity);
  CHECK(program.out().find("team/app     1.0   sound             aaaaaaaaaaaa   h:1\n") !=
        std::string::npos);
  CHECK(program.err().find("layers were not read: --deep reads them") != std::string::npos);
  CHECK(program.run({"verify", "h:1", "g:1", "--format", "json"}) == ExitCode::integrity);
  const auto rows = parse_json(program.out(), "it");
  CHECK(rows.size() == 4);
  CHECK(rows[0]["verdict"] == "sound");
  CHECK(
      rows[1] ==
      Json{{"repository", "team/app"},
           {"tag", "2.0"},
           {"id", k_id_a},
           {"verdict", "damaged"},
           {"findings",
            Json::array(
                {{{"fault", "ancestry wrong"}, {"at", "a"}, {"image", k_id_a}, {"detail", nullptr}},
                 {{"fault", "layer cut short"},
                  {"at", "b"},
                  {"image", k_id_b},
                  {"detail", "it has no bytes"}}})}});
  CHECK(rows[3]["verdict"] == "not looked at");
  CHECK(rows[3]["tag"] == nullptr);
}

TEST_SUITE_END();
