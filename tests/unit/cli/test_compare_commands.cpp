// SPDX-License-Identifier: Apache-2.0
#include "unit/cli/program.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>

#include <doctest/doctest.h>

using namespace regctl;
using namespace regctl::cli;
using namespace regctl::test;

TEST_SUITE_BEGIN("cli/compare_commands");

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

TEST_CASE("diff compares two images where both places name one") {
  struct Row {
    Words words;
    std::string call;
  };
  const Row rows[] = {
      {{"diff", "h:5000/app:1", "h:5000/app:2"},
       "diff images docker://h:5000/app:1 docker://h:5000/app:2"},
      {{"diff", "v1-storage:x:app:1", "oci:y", "--platform", "linux/arm64"},
       "diff images v1-storage:x:app:1 oci:y for linux/arm64"},
      {{"diff", "docker-archive:a.tar:g/app:1", "docker-daemon:g/app:1"},
       "diff images docker-archive:a.tar:g/app:1 docker-daemon:g/app:1"},
      {{"diff", "h:5000/app:1", "g:5000/app"}, "diff docker://h:5000/app:1 docker://g:5000/app"},
      {{"diff", "docker-archive:a.tar", "docker-archive:b.tar"},
       "diff docker-archive:a.tar docker-archive:b.tar"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.call);
    Program program;
    CHECK(program.run(row.words) == ExitCode::ok);
    CHECK(program.calls == Words{row.call});
  }
  Program program;
  CHECK(program.run({"diff", "h/a", "h/b", "--platform", "linux/arm64"}) == ExitCode::usage);
  CHECK(program.run({"diff", "h/a:1", "h/b:1", "--include", "x"}) == ExitCode::usage);
}

TEST_CASE("diff of images prints a row for each thing that differs, and exits 10") {
  Program program;
  program.prepare_verbs([](FakeVerbs& verbs) {
    verbs.on_image_diff = [](const ops::ImageDiffListener& listener) {
      listener.on_member({"config.User", std::nullopt, R"("u")", true});
      listener.on_member({"history", "[{},{}]", "[{}]", false});
      const ops::ComparedLayer::Side side{"sha256:" + k_id_a, 2000};
      listener.on_layer({"sha256:" + k_id_a, side, side});
      listener.on_layer({"sha256:" + k_id_b, std::nullopt, ops::ComparedLayer::Side{k_id_b, 7}});
      ops::FileEntry file;
      file.path = "a\x1b";
      file.digest = k_id_a;
      auto changed = file;
      changed.mode = 0644;
      changed.digest = k_id_b;
      listener.on_file({&file, &changed});
    };
    verbs.image_diff.members = 2;
    verbs.image_diff.layers_shared = 1;
    verbs.image_diff.layers_of_b = 1;
    verbs.image_diff.files_changed = 1;
  });
  CHECK(program.run({"diff", "h/a:1", "h/a:2"}) == ExitCode::partial);
  CHECK(program.out() ==
        "KIND     NAME           DIFFERENCE   A                                 B\n"
        "config   config.User    added        -                                 \"u\"\n"
        "config   history        changed      2 steps                           1 step\n"
        "layer    bbbbbbbbbbbb   added        -                                 bbbbbbbbbbbb 7 B\n"
        "file     a\\x1b          changed      mode 0000, content aaaaaaaaaaaa   "
        "mode 0644, content bbbbbbbbbbbb\n");
  CHECK(program.err() == "regctl: 2 members of the config differ; layers: 1 in common, 0 removed, "
                         "1 added; files: 1 changed, 0 removed, 0 added\n");
  CHECK(program.run({"diff", "h/a:1", "h/a:2", "--format", "json"}) == ExitCode::partial);
  const auto rows = parse_json(program.out(), "it");
  CHECK(rows.size() == 5);
  CHECK(rows[2]["difference"] == "same");
  CHECK(rows[0] ==
        Json{{"kind", "config"},
             {"name", "config.User"},
             {"difference", "added"},
             {"changes",
              Json::array({{{"what", "value"}, {"before", nullptr}, {"after", "\"u\""}}})}});
  CHECK(rows[4]["changes"][0] == Json{{"what", "mode"}, {"before", "0000"}, {"after", "0644"}});
  program.prepare_verbs([](FakeVerbs& verbs) { verbs.image_diff.layers_shared = 2; });
  CHECK(program.run({"diff", "h/a:1", "h/a:2"}) == ExitCode::ok);
  CHECK(program.err() == "regctl: no difference: 2 layers in common\n");
}

TEST_CASE("diff prints differences and exits 10, or with the cause if it read nothing") {
  Program program;
  program.prepare_verbs([](FakeVerbs& verbs) {
    verbs.differences = {{"team/app", "1.0", ops::Difference::different, k_id_a, k_id_b},
                         {"x", "\x1b", ops::Difference::missing, "sha256:" + k_id_a, std::nullopt}};
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
                                                   {"a", "sha256:" + k_id_a},
                                                   {"b", nullptr},
                                                   {"error", nullptr}});

  const auto denied = std::make_exception_ptr(Error(ErrorKind::denied, "no entry"));
  struct Row {
    std::uint64_t compared;
    bool have_one_cause;
    ExitCode code;
  };
  for (const auto& row : {Row{0, true, ExitCode::denied}, Row{1, true, ExitCode::partial},
                          Row{0, false, ExitCode::partial}}) {
    program.prepare_verbs([&](FakeVerbs& verbs) {
      verbs.diff_summary.repositories = row.compared;
      verbs.diff_summary.problems = {2, denied, row.have_one_cause};
    });
    CHECK(program.run({"diff", "h", "g"}) == row.code);
    CHECK(program.err().find("regctl: team/lost: no entry\n") == 0);
  }
}

TEST_CASE("verify prints every finding and exits 7 for damage, whatever else it finds") {
  using Where = ops::Finding::Where;
  const std::vector<ops::VerifiedTag> tags = {
      {"team/app", "1.0", "sha256:" + k_id_a, {}},
      {"team/app",
       "2.0",
       k_id_a,
       {{ops::Fault::ancestry_wrong, Where::a, k_id_a, ""},
        {ops::Fault::layer_cut, Where::b, k_id_b, "no bytes"}}},
      {"x", "1.0", std::nullopt, {{ops::Fault::tag_differs, Where::between, "", ""}}}};
  Program program;
  program.prepare_verbs([&](FakeVerbs& verbs) {
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
  CHECK(program.out() == "REPOSITORY   TAG   VERDICT           IMAGE          AT     DETAIL\n"
                         "team/app     2.0   ancestry wrong    aaaaaaaaaaaa   h:1\n"
                         "team/app     2.0   layer cut short   bbbbbbbbbbbb   g:1    no bytes\n"
                         "x            1.0   tag differs       -              both\n");
  CHECK(program.err() ==
        "regctl: team/lost: no entry\n"
        "regctl: 2 repositories, 3 tags: 1 sound, 2 damaged; 2 images, 3 layers read, 1.5 kB, 1 "
        "layer without a checksum\n");
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
           {"verdict", "layer cut short"},
           {"damaged", true},
           {"findings",
            Json::array(
                {{{"verdict", "ancestry wrong"}, {"at", "a"}, {"id", k_id_a}, {"detail", nullptr}},
                 {{"verdict", "layer cut short"},
                  {"at", "b"},
                  {"id", k_id_b},
                  {"detail", "no bytes"}}})},
           {"error", nullptr}});
  CHECK(rows[3]["verdict"] == "not looked at");
  CHECK(rows[3]["tag"] == nullptr);
  CHECK(rows[3]["error"]["kind"] == "denied");
}

TEST_SUITE_END();
