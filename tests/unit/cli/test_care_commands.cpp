// SPDX-License-Identifier: Apache-2.0
#include "unit/cli/program.hpp"

#include <regctl/base/json.hpp>

#include <doctest/doctest.h>

using namespace regctl;
using namespace regctl::cli;
using namespace regctl::test;

TEST_SUITE_BEGIN("cli/care_commands");

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

TEST_CASE("audit prints faults, with --all everything, and exits 7 for damage") {
  Program program;
  program.prepare_verbs([](FakeVerbs& verbs) {
    verbs.audited_tags = {{"app", "1", k_id_a, ops::Verdict::layer_missing, true, k_id_b, "", {}},
                          {"app", "2", k_id_b, ops::Verdict::sound, false, "", "", 1000}};
    ops::AuditedImage dead{k_id_b, ops::Verdict::dead_upload, true, "no layer", {}, "app", true,
                           {}};
    dead.changed = std::chrono::system_clock::from_time_t(1400000000);
    auto whole = dead;
    whole.detail = "whole";
    verbs.audited_images = {
        dead, {k_id_a, ops::Verdict::sound, false, "", 1000, "app", false, {}}, whole};
    for (int i = 0; i < 22; ++i) {
      verbs.audited_repositories.push_back(
          {"r" + std::to_string(i), 1, 0, {3000}, SizeSum{1000}, SizeSum{2000}, nullptr});
    }
    verbs.summary.place = "h";
    verbs.summary.sees_orphans = true;
    verbs.summary.repositories = 22;
    verbs.summary.tags = {{ops::Verdict::sound, {1, {}}}, {ops::Verdict::layer_missing, {1, {}}}};
    verbs.summary.images = {{ops::Verdict::orphan, {2, {500}}},
                            {ops::Verdict::old_checksum, {1, {5}}}};
    verbs.summary.damaged_tags = 1;
    verbs.summary.shared = SizeSum{1000};
  });
  CHECK(program.run({"audit", "h"}) == ExitCode::integrity);
  const auto out = program.out();
  CHECK(out.starts_with(
      "VERDICT         IMAGE          AT FAULT       SIZE   TAG\n"
      "layer missing   aaaaaaaaaaaa   bbbbbbbbbbbb   N/A    app:1\n\n"
      "VERDICT       IMAGE          LAYER   REACHED BY   DETAIL\n"
      "dead upload   bbbbbbbbbbbb   N/A     app ...      since 2014-05-13 16:53; no layer\n"
      "dead upload   bbbbbbbbbbbb   N/A     app ...      since 2014-05-13 16:53; whole\n\n"
      "TAGS   DAMAGED   SIZE   SHARED   WOULD FREE   REPOSITORY\n"
      "1      0         3 kB   1 kB     2 kB         r0\n"));
  CHECK(out.ends_with("r19\n"));
  CHECK(program.err() ==
        "regctl: ... and 2 repositories more: --all\n"
        "regctl: 2 tags in 22 repositories: sound 1, layer missing 1\n"
        "regctl: 3 images, 505 B: orphan 2, old checksum 1\n"
        "regctl: 1 kB shared by several repositories, 500 B that no tag reaches (regctl gc)\n"
        "regctl: 1 tag and 0 images damaged\n"
        "regctl: 1 image to be mended by regctl repair\n"
        "regctl: layers were not read: --deep reads them\n");
  CHECK(program.run({"audit", "h", "-q"}) == ExitCode::integrity);
  CHECK(program.out() == out);
  CHECK(program.err().empty());
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
  CHECK(json["repositories"][0]["freed_size"] == 2000);
  CHECK(json["summary"]["tags_by_verdict"] == Json{{"sound", 1}, {"layer missing", 1}});
}

TEST_CASE("audit marks sums with unknown sizes") {
  Program program;
  program.prepare_verbs([](FakeVerbs& verbs) {
    verbs.audited_repositories = {
        {"all", 1, 0, {3000}, SizeSum{1000}, SizeSum{2000}, nullptr},
        {"most", 1, 0, {3000, 2}, SizeSum{1000}, SizeSum{2000, 2}, nullptr},
        {"none", 1, 0, {0, 2}, SizeSum{0, 2}, SizeSum{}, nullptr}};
    verbs.summary.sees_orphans = true;
    verbs.summary.images = {{ops::Verdict::sound, {5, {4000, 3}}},
                            {ops::Verdict::orphan, {1, {0, 1}}}};
    verbs.summary.shared = SizeSum{1000, 1};
  });
  CHECK(program.run({"audit", "h"}) == ExitCode::ok);
  CHECK(program.out() == "TAGS   DAMAGED   SIZE            SHARED   WOULD FREE      REPOSITORY\n"
                         "1      0         3 kB            1 kB     2 kB            all\n"
                         "1      0         at least 3 kB   1 kB     at least 2 kB   most\n"
                         "1      0         N/A             N/A      0 B             none\n");
  CHECK(program.err().find("regctl: 6 images, at least 4 kB: sound 5, orphan 1\n"
                           "regctl: at least 1 kB shared by several repositories, "
                           "1 layer of unknown size that no tag reaches (regctl gc)\n") !=
        std::string::npos);

  CHECK(program.run({"audit", "h", "--format", "json"}) == ExitCode::ok);
  const auto json = parse_json(program.out(), "it");
  const auto sizes = [](const Json& object) {
    return Json{object["size"], object["sizes_unknown"], object["shared_size"]};
  };
  CHECK(sizes(json["repositories"][0]) == Json{3000, 0, 1000});
  CHECK(sizes(json["repositories"][1]) == Json{3000, 2, 1000});
  CHECK(sizes(json["repositories"][2]) == Json{nullptr, 2, nullptr});
  CHECK(json["repositories"][2]["freed_size"] == 0);
  CHECK(sizes(json["summary"]) == Json{4000, 4, 1000});
}

TEST_CASE("audit of an empty place is a complete JSON document") {
  Program program;
  CHECK(program.run({"audit", "h", "--format", "json"}) == ExitCode::ok);
  const auto json = parse_json(program.out(), "it");
  CHECK(json["tags"] == Json::array());
  CHECK(json["images"] == Json::array());
  CHECK(json["repositories"] == Json::array());
  CHECK(json["summary"]["damaged"] == false);
  CHECK(program.run({"audit", "h"}) == ExitCode::ok);
  CHECK(program.out().empty());
  CHECK(program.err().find("nothing damaged\n") != std::string::npos);
}

TEST_CASE("audit reports repositories that it could not read, and exits 10") {
  Program program;
  const Error problem(ErrorKind::unavailable, "it says 500");
  const auto prepare = [&](std::uint64_t repositories, std::uint64_t damaged) {
    program.prepare_verbs([=](FakeVerbs& verbs) {
      verbs.audited_repositories = {
          {"bad", 0, 0, {}, SizeSum(), SizeSum(), std::make_exception_ptr(problem)}};
      verbs.summary.repositories = repositories;
      verbs.summary.damaged_tags = damaged;
      verbs.summary.problems.add(std::make_exception_ptr(problem));
    });
  };
  prepare(2, 0);
  CHECK(program.run({"audit", "h"}) == ExitCode::partial);
  CHECK(program.err().find("bad: it says 500") != std::string::npos);
  CHECK(program.err().find("1 repository not looked at") != std::string::npos);
  CHECK(program.run({"audit", "h", "--format", "json"}) == ExitCode::partial);
  const auto json = parse_json(program.out(), "it");
  CHECK(json["repositories"][0]["error"] ==
        Json{{"kind", "unavailable"}, {"message", "it says 500"}, {"hint", nullptr}});
  CHECK(json["summary"]["not_looked_at"] == 1);
  prepare(2, 1);
  CHECK(program.run({"audit", "h"}) == ExitCode::integrity);
  prepare(1, 0);
  CHECK(program.run({"audit", "h"}) == ExitCode::unavailable);
}

TEST_CASE("repair prints each act") {
  Program program;
  CHECK(program.run({"repair", "v1-storage:d"}) == ExitCode::ok);
  CHECK(program.calls == Words{"repair d"});
  CHECK(program.out().empty());
  CHECK(program.err() == "regctl: nothing to repair\n");
  program.prepare_verbs([](FakeVerbs& verbs) {
    using Kind = ops::RepairAct::Kind;
    verbs.acts = {{Kind::rebuild_ancestry, k_id_a, "", "", "missing"},
                  {Kind::drop_tag, "", "app", "1", "no ID"}};
  });
  CHECK(program.run({"repair", "-n", "--drop-tags", "v1-storage:d"}) == ExitCode::ok);
  CHECK(program.calls == Words{"repair d dry drop tags"});
  CHECK(program.out() == "ACTION             IMAGE          TAG     REASON\n"
                         "rebuild ancestry   aaaaaaaaaaaa           missing\n"
                         "drop tag           <none>         app:1   no ID\n");
  CHECK(program.err() == "regctl: nothing was changed: leave out --dry-run to do it\n");
  CHECK(program.run({"repair", "-q", "--no-trunc", "v1-storage:d"}) == ExitCode::ok);
  CHECK(program.out().find("rebuild ancestry   " + k_id_a + " ") != std::string::npos);
  CHECK(program.err().empty());
  CHECK(program.run({"repair", "v1-storage:d", "--format", "json"}) == ExitCode::ok);
  const auto json = parse_json(program.out(), "it");
  CHECK(json["applied"] == true);
  CHECK(json["actions"][1] == Json{{"action", "drop tag"},
                                   {"id", nullptr},
                                   {"repository", "app"},
                                   {"tag", "1"},
                                   {"reason", "no ID"}});
}

TEST_CASE("gc prints what it removes, or would remove") {
  Program program;
  program.prepare_verbs([](FakeVerbs& verbs) {
    verbs.garbage = {{k_id_a, ops::GcImage::Why::orphan, 1000},
                     {k_id_b, ops::GcImage::Why::remnant, std::nullopt}};
    verbs.collected = {1, 1000, 1, 5, 1, 7};
  });
  CHECK(program.run({"gc", "v1-storage:d"}) == ExitCode::ok);
  CHECK(program.calls == Words{"gc d 86400"});
  CHECK(program.out() == "REASON    IMAGE          LAYER\n"
                         "orphan    aaaaaaaaaaaa   1 kB\n"
                         "remnant   bbbbbbbbbbbb   N/A\n");
  CHECK(program.err() ==
        "regctl: would remove 1 image, 1 kB, and 1 half-written file, 5 B; 7 images are kept\n"
        "regctl: 1 of them is a dead upload that may yet go on: --grace\n"
        "regctl: nothing was removed: --apply removes\n");
  CHECK(program.run({"gc", "-q", "--no-trunc", "v1-storage:d"}) == ExitCode::ok);
  CHECK(program.out().find("orphan    " + k_id_a + "   1 kB\n") != std::string::npos);
  CHECK(program.err().empty());
  CHECK(program.run({"gc", "--apply", "--force", "v1-storage:d", "--format", "json"}) ==
        ExitCode::ok);
  CHECK(program.calls == Words{"gc d apply force 86400"});
  const auto images = parse_json(program.out(), "it")["images"];
  CHECK(images[0] == Json{{"id", k_id_a}, {"reason", "orphan"}, {"size", 1000}});
  CHECK(images[1] == Json{{"id", k_id_b}, {"reason", "remnant"}, {"size", nullptr}});
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

TEST_CASE("repair and gc need a whole tree") {
  for (const auto& command : {"repair", "gc"}) {
    for (const auto& place :
         {"nowhere", "docker://h", "-", "h:5000", "v1-storage:d:app", "docker-archive:d"}) {
      CAPTURE(place);
      Program program;
      CHECK(program.run({command, place}) == ExitCode::usage);
      CHECK(program.calls.empty());
    }
  }
}

TEST_CASE("audit of distribution's tree prints what is not sound, and exits 7 for damage") {
  Program program;
  const auto digest = oci::Digest::of("x");
  program.prepare_verbs([&](FakeVerbs& verbs) {
    using State = ops::TreeState;
    verbs.audited_manifests = {
        {"app", "1", digest, State::sound, "", ops::ServerAnswer{200, 200},
         ops::ServerAnswer{200, 200}},
        {"app", "2", {}, State::damaged, "the tag names nothing", ops::ServerAnswer{404, 404}, {}},
        {"app", {}, digest, State::damaged_below, "why", {}, ops::ServerAnswer{200, 500}}};
    ops::AuditedTreeRepository repository{.name = "app", .state = State::damaged};
    repository.tags = 2;
    repository.tag_list = {200, 200};
    verbs.audited_tree_repositories = {repository};
    verbs.tree_summary.place = "d";
    verbs.tree_summary.manifests = {{State::sound, 1}, {State::damaged, 2}};
    verbs.tree_summary.repositories = {{State::damaged, 1}};
  });
  CHECK(program.run({"audit", "v2-storage:d"}) == ExitCode::integrity);
  CHECK(program.calls == Words{"audit v2-storage:d"});
  CHECK(program.out() ==
        "STATE           DIGEST         2.8   3.0   TAG     DETAIL\n"
        "damaged         <none>         404   404   app:2   the tag names nothing\n"
        "damaged below   " +
            digest.short_hex() + "   200   500   app     why\n");
  CHECK(program.err() == "regctl: 3 tags and untagged manifests: sound 1, damaged 2\n"
                         "regctl: 1 repository: damaged 1\n"
                         "regctl: blobs were not read: --deep reads them\n");
  CHECK(program.run({"audit", "v2-storage:d:app", "--all", "--no-trunc"}) == ExitCode::integrity);
  CHECK(program.out().find("sound           " + digest.to_string()) != std::string::npos);
  CHECK(program.run({"audit", "v2-storage:d", "--format", "json"}) == ExitCode::integrity);
  const auto json = parse_json(program.out(), "it");
  CHECK(json["repositories"][0]["manifests"].size() == 3);
  CHECK(json["repositories"][0]["manifests"][1]["digest"] == nullptr);
  CHECK(json["repositories"][0]["manifests"][1]["by_tag_2"] == 404);
  CHECK(json["summary"]["manifests_by_state"] == Json{{"sound", 1}, {"damaged", 2}});
}

TEST_CASE("gc of distribution's tree prints what goes, and what is kept whole") {
  Program program;
  const auto digest = oci::Digest::of("x");
  program.prepare_verbs([&](FakeVerbs& verbs) {
    verbs.tree_garbage = {{ops::TreeGarbage::Kind::layer, "app", digest.to_string(), 0},
                          {ops::TreeGarbage::Kind::blob, "", digest.to_string(), 1000}};
    verbs.kept_whole = {{"broken", "the tag 1 is damaged"}};
    verbs.tree_collected.links = 1;
    verbs.tree_collected.blobs = 1;
    verbs.tree_collected.blob_bytes = 1000;
    verbs.tree_collected.kept_repositories = 1;
  });
  CHECK(program.run({"gc", "v2-storage:d", "--grace", "1h"}) == ExitCode::ok);
  CHECK(program.calls == Words{"gc tree d 3600"});
  const auto id = digest.short_hex();
  CHECK(program.out() == "KIND         NAME           SIZE   REPOSITORY\n"
                         "layer link   " +
                             id +
                             "          app\n"
                             "blob         " +
                             id + "   1 kB\n");
  CHECK(program.err().starts_with("regctl: kept whole: broken: the tag 1 is damaged\n"
                                  "regctl: would remove 0 manifests, 1 link, 0 unfinished uploads "
                                  "and 1 blob, 1 kB; 0 blobs are kept\n"));
  CHECK(program.run({"gc", "--apply", "v2-storage:d", "--format", "json"}) == ExitCode::ok);
  CHECK(program.calls == Words{"gc tree d apply 86400"});
  const auto json = parse_json(program.out(), "it");
  CHECK(json["garbage"][1] == Json{{"kind", "blob"},
                                   {"repository", nullptr},
                                   {"name", digest.to_string()},
                                   {"size", 1000}});
  CHECK(json["kept_whole"][0]["repository"] == "broken");
  CHECK(program.run({"gc", "v2-storage:d:app"}) == ExitCode::usage);
}

TEST_CASE("repair of distribution's tree prints each act") {
  Program program;
  program.prepare_verbs([](FakeVerbs& verbs) {
    verbs.tree_acts = {{ops::TreeRepairAct::Kind::restore_tag, "app", "1", "why"}};
  });
  CHECK(program.run({"repair", "-n", "--drop-tags", "v2-storage:d"}) == ExitCode::ok);
  CHECK(program.calls == Words{"repair tree d dry drop tags"});
  CHECK(program.out() == "ACTION        NAME   REPOSITORY   REASON\n"
                         "restore tag   1      app          why\n");
  CHECK(program.err() == "regctl: 2 damaged links were written a moment ago, and left alone\n"
                         "regctl: nothing was changed: leave out --dry-run to do it\n");
  CHECK(program.run({"repair", "v2-storage:d", "--format", "json"}) == ExitCode::ok);
  const auto json = parse_json(program.out(), "it");
  CHECK(json["applied"] == true);
  CHECK(json["actions"][0]["action"] == "restore tag");
  CHECK(json["left_alone"] == 2);
}

TEST_SUITE_END();
