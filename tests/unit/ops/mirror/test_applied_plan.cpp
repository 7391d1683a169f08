// SPDX-License-Identifier: Apache-2.0
#include "ops/mirror/applied_plan.hpp"
#include "support/temporary_folder.hpp"

#include <regctl/base/error.hpp>

#include <doctest/doctest.h>

#include <fstream>

using namespace regctl;
using namespace regctl::ops;
using namespace regctl::ops::mirror;
using test::TemporaryFolder;

namespace {

using Strings = std::vector<std::string>;

/// Mirrors between the same two registries, in the order of their file.
struct Mirrors {
  MirrorJob& add(const std::string& repositories) {
    auto& job = jobs.emplace_back();
    job.source = Endpoint::parse("old:5000");
    job.destination = Endpoint::parse("new:5000");
    job.rules.repositories.include.push_back(Pattern::parse(repositories));
    return job;
  }

  /// Adds a tag's line, which both ends have under the same name unless `there` is given.
  void plan(const std::string& repository, const std::string& tag, Action action,
            const std::string& there = "") {
    PlanLine line{"docker://old:5000", "docker://new:5000", {}};
    line.tag = {
        repository,  there.empty() ? repository : there, tag, action, "because", false, "abc",
        std::nullopt};
    std::ofstream(file(), std::ios::app) << print_plan_line(line) << '\n';
  }

  void plan_repository(const std::string& name, bool is_ruled) {
    std::ofstream(file(), std::ios::app)
        << R"({"type":"repository","from":"docker://old:5000","to":"docker://new:5000","source":")"
        << name << R"(","rules":)" << (is_ruled ? "true" : "false") << "}\n";
  }

  [[nodiscard]] std::string file() const { return (folder / "plan").string(); }

  /// What each job takes of the plan: "action repository:tag", or the repository's name.
  std::vector<Strings> taken() const {
    const AppliedPlan plan(file(), jobs, std::nullopt);
    std::vector<Strings> taken;
    for (const auto& job : jobs) {
      auto& lines = taken.emplace_back();
      const auto next = plan.tasks_of(job);
      while (const auto task = next()) {
        if (!task->planned) {
          lines.push_back(task->source_name);
          continue;
        }
        for (const auto& tag : *task->planned) {
          lines.push_back(std::string(to_string(tag.action)) + " " + tag.source_name + ":" +
                          tag.tag);
        }
      }
    }
    return taken;
  }

  TemporaryFolder folder;
  std::vector<MirrorJob> jobs;
};

} // namespace

TEST_SUITE_BEGIN("ops/mirror/applied_plan");

TEST_CASE("of mirrors with the same ends each takes the lines of its own repositories") {
  Mirrors mirrors;
  mirrors.add("a");
  mirrors.add("b");
  mirrors.plan("b", "1", Action::copy);
  mirrors.plan("a", "1", Action::update);
  mirrors.plan_repository("b", false);
  CHECK(mirrors.taken() == std::vector<Strings>{{"update a:1"}, {"copy b:1", "b"}});
}

TEST_CASE("a line of a repository that several mirrors take goes to the one that fits best") {
  Mirrors mirrors;
  mirrors.add("*").rules.tags.include.push_back(Pattern::parse("1*"));
  mirrors.add("*");
  mirrors.add("*").rules.prefix = "m/";
  mirrors.plan("a", "1", Action::copy);
  mirrors.plan("a", "2", Action::copy);
  mirrors.plan("a", "3", Action::copy, "m/a");
  mirrors.plan("a", "4", Action::copy, "elsewhere");
  CHECK(mirrors.taken() ==
        std::vector<Strings>{{"copy a:1"}, {"copy a:2", "copy a:4"}, {"copy a:3"}});
}

TEST_CASE("a file of repositories tells mirrors with the same ends apart") {
  Mirrors mirrors;
  for (const std::string name : {"a", "b"}) {
    mirrors.add("*").repositories_from = (mirrors.folder / name).string();
    std::ofstream(mirrors.folder / name) << name << '\n';
  }
  mirrors.plan("b", "1", Action::copy);
  CHECK(mirrors.taken() == std::vector<Strings>{{}, {"copy b:1"}});
}

TEST_CASE("a tag that any mirror of its repository protects is not removed") {
  Mirrors mirrors;
  mirrors.add("a").rules.protected_tags.push_back(Pattern::parse("of-a"));
  mirrors.add("b");
  mirrors.add("{b,c}").rules.protected_tags.push_back(Pattern::parse("of-b*"));
  for (const auto* tag : {"of-a", "of-b", "other"}) {
    mirrors.plan("b", tag, Action::remove);
  }
  mirrors.plan("b", "of-b-too", Action::copy);
  CHECK(mirrors.taken() ==
        std::vector<Strings>{
            {}, {"delete b:of-a", "skip b:of-b", "delete b:other", "copy b:of-b-too"}, {}});
}

TEST_CASE("a lone mirror takes all lines of its ends, and protects its tags in each") {
  Mirrors mirrors;
  mirrors.add("a").rules.protected_tags.push_back(Pattern::parse("1"));
  mirrors.plan("b", "1", Action::remove);
  mirrors.plan("b", "2", Action::remove);
  CHECK(mirrors.taken() == std::vector<Strings>{{"skip b:1", "delete b:2"}});
}

TEST_CASE("a line of a repository that none of several mirrors takes is refused") {
  Mirrors mirrors;
  mirrors.add("a");
  mirrors.add("b");
  mirrors.plan("a", "1", Action::copy);
  mirrors.plan("c", "1", Action::copy);
  CHECK_THROWS_WITH_AS(static_cast<void>(mirrors.taken()),
                       ("'" + mirrors.file() +
                        "', line 2 is of c, which no mirror from docker://old:5000 to "
                        "docker://new:5000 takes")
                           .c_str(),
                       Error);
}

TEST_CASE("a repository planned under rules needs a mirror that has rules and takes it") {
  Mirrors mirrors;
  mirrors.add("a");
  mirrors.add("b").rules.prefix = "m/";
  mirrors.plan_repository("b", true);
  CHECK(mirrors.taken() == std::vector<Strings>{{}, {"b"}});
  mirrors.plan_repository("a", true);
  CHECK_THROWS_AS(static_cast<void>(mirrors.taken()), Error);
}

TEST_SUITE_END();
