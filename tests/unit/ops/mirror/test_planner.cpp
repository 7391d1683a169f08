// SPDX-License-Identifier: Apache-2.0
#include "ops/mirror/planner.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

using regctl::Pattern;
using regctl::SemverRange;
using namespace regctl::ops;
using namespace regctl::ops::mirror;

TEST_SUITE_BEGIN("ops/mirror/planner");

namespace {

constexpr std::int64_t k_now = 1'000'000;
const std::optional<std::string> k_broken;

const CreatedAt k_no_age = [](const auto&) { return std::nullopt; };
const std::equal_to<> k_equal{};
const auto k_none = [](const std::vector<std::string>&) { return std::set<std::string>(); };

Listings listings(TagListing source, std::optional<TagListing> destination) {
  return {"team/app", "mirror/app", std::move(source), std::move(destination)};
}

/// "TAG ACTION: REASON" of each tag. An identity is its image's age in seconds, or a word.
std::vector<std::string> planned(Listings lists, const Rules& rules) {
  const auto created_at = [](const std::string& identity) -> std::optional<std::int64_t> {
    if (identity.find_first_not_of("0123456789") != std::string::npos) {
      return std::nullopt;
    }
    return k_now - std::stoll(identity);
  };
  std::vector<std::string> lines;
  for (const auto& tag :
       plan(lists, rules, {created_at, k_equal, k_equal, k_none, k_none}, k_now)) {
    CHECK(tag.source_name == "team/app");
    CHECK(tag.destination_name == "mirror/app");
    CHECK(tag.is_broken == (tag.reason == "broken at the source"));
    lines.push_back(tag.tag + " " + std::string(to_string(tag.action)) + ": " + tag.reason);
  }
  return lines;
}

TagListing many(const std::string& prefix, int count) {
  TagListing tags;
  for (int i = 0; i < count; ++i) {
    tags[prefix + std::to_string(i)] = "id";
  }
  return tags;
}

using Lines = std::vector<std::string>;

} // namespace

TEST_CASE("each tag gets an action and a reason, by name") {
  CHECK(planned(listings({{"a", "1"}, {"b", "2"}, {"c", "3"}, {"d", k_broken}, {"e", "5"}},
                         TagListing{{"b", "2"}, {"c", "9"}, {"e", k_broken}, {"z", "7"}}),
                {}) == Lines{"a copy: missing", "b keep: same", "c update: differs",
                             "d skip: broken at the source",
                             "e update: broken at the destination"});
}

TEST_CASE("identities of both sides are in the plan") {
  auto lists = listings({{"a", "1"}, {"b", "2"}}, TagListing{{"a", "0"}});
  const auto tags = plan(lists, {}, {k_no_age, k_equal, k_equal, k_none, k_none}, k_now);
  REQUIRE(tags.size() == 2);
  CHECK(tags[0].identity == "1");
  CHECK(tags[0].previous == "0");
  CHECK(tags[1].identity == "2");
  CHECK_FALSE(tags[1].previous);
}

TEST_CASE("a tag that would be kept is updated where its image is damaged") {
  auto lists = listings({{"a", "1"}, {"b", "2"}, {"c", "3"}, {"d", "4"}},
                        TagListing{{"a", "1"}, {"b", "2"}, {"c", "9"}, {"d", "4"}});
  Rules rules;
  rules.immutable_tags = {Pattern::parse("d")};
  std::vector<std::string> asked;
  const FindDamaged find_damaged = [&](const std::vector<std::string>& there) {
    asked = there;
    return std::set<std::string>{"2", "4", "9"};
  };
  std::vector<std::string> lines;
  for (const auto& tag :
       plan(lists, rules, {k_no_age, k_equal, k_equal, k_none, k_none, find_damaged}, k_now)) {
    lines.push_back(tag.tag + " " + tag.reason);
  }
  CHECK(lines == Lines{"a same", "b damaged at the destination", "c differs",
                       "d damaged at the destination"});
  CHECK(asked == Lines{"1", "2", "4"});
}

TEST_CASE("a repository missing at the destination gets all tags") {
  CHECK(planned(listings({{"a", "1"}}, std::nullopt), {}) == Lines{"a copy: missing"});
  CHECK(planned(listings({}, std::nullopt), {}).empty());
}

TEST_CASE("filters by name, version and age leave tags alone") {
  Rules rules;
  rules.tags.exclude = {Pattern::parse("*-dev")};
  rules.semver = SemverRange::parse(">=1");
  rules.newer_than = std::chrono::seconds(100);
  CHECK(planned(listings({{"0.9", "1"},
                          {"1.0", "99"},
                          {"1.1", "101"},
                          {"1.2", "100"},
                          {"1.3", "unknown"},
                          {"1.4", k_broken},
                          {"1.5-dev", k_broken},
                          {"latest", "1"}},
                         TagListing{{"1.1", "0"}, {"latest", "1"}}),
                rules) == Lines{"0.9 skip: filtered by --semver", "1.0 copy: missing",
                                "1.1 skip: filtered by --newer-than", "1.2 copy: missing",
                                "1.3 copy: missing", "1.4 skip: broken at the source",
                                "1.5-dev skip: filtered by its name",
                                "latest skip: filtered by --semver"});
}

TEST_CASE("the latest tags are chosen by version or by age") {
  struct Row {
    const char* name;
    std::size_t latest;
    TagListing source;
    std::set<std::string> taken;
  };
  const Row rows[] = {
      {"by version if all are", 2, {{"1.9", "1"}, {"1.10", "9"}, {"v2", "9"}}, {"1.10", "v2"}},
      {"prereleases are below their release",
       2,
       {{"1.0", "1"}, {"2.0-rc.1", "1"}, {"2.0", "1"}, {"2.0-beta", "1"}},
       {"2.0", "2.0-rc.1"}},
      {"equal versions by name", 1, {{"1.0", "1"}, {"1.0.0", "1"}, {"v1.0", "1"}}, {"v1.0"}},
      {"by age if one is no version",
       2,
       {{"1.0", "1"}, {"2.0", "50"}, {"3.0", "60"}, {"stable", "70"}},
       {"1.0", "2.0"}},
      {"equal ages by name", 1, {{"b", "5"}, {"a", "5"}, {"c", "6"}}, {"b"}},
      {"equal ages by version",
       2,
       {{"1.9", "5"}, {"1.10", "5"}, {"1.2", "5"}, {"latest", "5"}, {"9", "6"}},
       {"1.10", "1.9"}},
      {"unknown ages are the oldest", 1, {{"a", "unknown"}, {"b", "900"}}, {"b"}},
      {"more than there are", 9, {{"a", "1"}, {"b", "2"}}, {"a", "b"}},
      {"none", 0, {{"a", "1"}}, {}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    Rules rules;
    rules.latest = row.latest;
    std::set<std::string> taken;
    for (const auto& line : planned(listings(row.source, std::nullopt), rules)) {
      if (line.ends_with(" copy: missing")) {
        taken.insert(line.substr(0, line.find(' ')));
      } else {
        CHECK(line.ends_with(" skip: filtered by --latest"));
      }
    }
    CHECK(taken == row.taken);
  }
}

TEST_CASE("a broken tag takes no place among the latest") {
  Rules rules;
  rules.latest = 1;
  CHECK(planned(listings({{"1", k_broken}, {"2", "1"}, {"3", k_broken}}, std::nullopt), rules) ==
        Lines{"1 skip: filtered by --latest", "2 copy: missing", "3 skip: broken at the source"});
}

TEST_CASE("latest counts only tags that pass the other filters") {
  Rules rules;
  rules.latest = 1;
  rules.tags.exclude = {Pattern::parse("3")};
  CHECK(planned(listings({{"1", "1"}, {"2", "1"}, {"3", "1"}}, std::nullopt), rules) ==
        Lines{"1 skip: filtered by --latest", "2 copy: missing", "3 skip: filtered by its name"});
}

TEST_CASE("ages are requested only if they decide, and once for each image") {
  int asked = 0;
  const auto count = [&](const auto&) -> std::optional<std::int64_t> {
    ++asked;
    return k_now;
  };
  auto lists = listings({{"1", "a"}, {"2", "b"}, {"3", "b"}}, std::nullopt);
  Rules rules;
  plan(lists, rules, {count, k_equal, k_equal, k_none, k_none}, k_now);
  rules.latest = 1;
  plan(lists, rules, {count, k_equal, k_equal, k_none, k_none}, k_now); // all are versions
  CHECK(asked == 0);
  auto words = listings({{"x", "a"}, {"y", "b"}, {"z", "b"}}, std::nullopt);
  rules.latest = 3;
  plan(words, rules, {count, k_equal, k_equal, k_none, k_none}, k_now); // no more than there are
  CHECK(asked == 0);
  rules.latest = 1;
  rules.newer_than = std::chrono::seconds(5);
  plan(words, rules, {count, k_equal, k_equal, k_none, k_none}, k_now);
  CHECK(asked == 2);
}

TEST_CASE("tags that only the destination has are pruned if that is asked for") {
  auto destination = many("t", 10);
  destination["old"] = "id";
  Rules rules;
  CHECK(planned(listings(many("t", 10), destination), rules).size() == 10);
  rules.prune.enabled = true;
  const auto lines = planned(listings(many("t", 10), destination), rules);
  REQUIRE(lines.size() == 11);
  CHECK(lines[0] == "old delete: not at the source");
}

TEST_CASE("pruning removes nothing beyond its limit unless told to") {
  struct Row {
    const char* name;
    int kept;
    int extra;
    double limit;
    bool beyond_limit;
    std::size_t removed;
  };
  const Row rows[] = {
      {"exactly the limit", 9, 1, 0.1, false, 1},
      {"exactly the limit, rounded", 27, 3, 0.1, false, 3},
      {"one more", 8, 2, 0.1, false, 0},
      {"a small repository", 4, 1, 0.1, false, 0},
      {"beyond, if asked for", 1, 9, 0.1, true, 9},
      {"a higher limit", 5, 5, 0.5, false, 5},
      {"all", 0, 5, 1, true, 0}, // the source is empty
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    auto destination = many("t", row.kept);
    destination.merge(many("x", row.extra));
    Rules rules;
    rules.prune = {true, row.limit, row.beyond_limit};
    std::size_t removed = 0;
    std::size_t refused = 0;
    for (const auto& line : planned(listings(many("t", row.kept), destination), rules)) {
      removed += line.find(" delete: ") != std::string::npos ? 1U : 0U;
      refused += line.find(" skip: not pruned: ") != std::string::npos ? 1U : 0U;
    }
    CHECK(removed == row.removed);
    CHECK(removed + refused == static_cast<std::size_t>(row.extra));
  }
}

TEST_CASE("the reason says why tags are not pruned") {
  Rules rules;
  rules.prune.enabled = true;
  CHECK(planned(listings({}, TagListing{{"a", "1"}}), rules) ==
        Lines{"a skip: not pruned: the source lists no tags"});
  CHECK(planned(listings({{"a", "1"}}, TagListing{{"a", "1"}, {"b", "1"}}), rules) ==
        Lines{"a keep: same", "b skip: not pruned: 1 of 2 tags are more than --prune-limit allows "
                              "without --yes"});
  rules.prune.beyond_limit = true;
  const TagListing source = {{"a", "1"}, {"x", k_broken}};
  CHECK(planned(listings(source, TagListing{{"a", "1"}, {"b", "1"}}), rules) ==
        Lines{"a keep: same", "b skip: not pruned: the source cannot read its tag x",
              "x skip: broken at the source"});
  rules.tags.exclude = {Pattern::parse("x")}; // a rule makes the listing no better
  CHECK(planned(listings(source, TagListing{{"a", "1"}, {"b", "1"}}), rules) ==
        Lines{"a keep: same", "b skip: not pruned: the source cannot read its tag x",
              "x skip: filtered by its name"});
}

TEST_CASE("pruning leaves protected tags and tags of other mirrors") {
  Rules rules;
  rules.prune = {true, 0.1, true};
  rules.protected_tags = {Pattern::parse("stable*")};
  rules.tags.include = {Pattern::parse("[0-9]*"), Pattern::parse("stable*")};
  CHECK(planned(listings({{"1", "1"}, {"9-filtered", "1"}},
                         TagListing{{"1", "1"}, {"2", "1"}, {"mine", "1"}, {"stable-1", "1"}}),
                rules) == Lines{"1 keep: same", "2 delete: not at the source",
                                "9-filtered copy: missing", "mine skip: filtered by its name",
                                "stable-1 skip: protected"});
  rules.tags = {};
  rules.semver = SemverRange::parse("*");
  CHECK(planned(listings({{"1", "1"}}, TagListing{{"2", "1"}, {"x", "1"}}), rules) ==
        Lines{"1 copy: missing", "2 delete: not at the source", "x skip: filtered by --semver"});
}

TEST_CASE("a tag that the source has and a rule excludes is never pruned") {
  Rules rules;
  rules.prune = {true, 1, true};
  rules.latest = 1;
  CHECK(planned(listings({{"1", "1"}, {"2", "1"}}, TagListing{{"1", "1"}, {"2", "1"}}), rules) ==
        Lines{"1 skip: filtered by --latest", "2 keep: same"});
}

namespace {

/// Lists that tell names alone, and which of them were identified.
struct Names {
  Listings listings(const std::vector<std::string>& source,
                    const std::vector<std::string>& destination) {
    const auto identify = [](std::set<std::string>& asked) {
      return [&](const std::vector<std::string>& tags) {
        TagListing identities;
        for (const auto& tag : tags) {
          CHECK(asked.insert(tag).second); // once
          identities[tag] = tag.starts_with("broken") ? k_broken : "1";
        }
        return identities;
      };
    };
    return {"team/app", "mirror/app", ListedTags(source, identify(at_source)),
            ListedTags(destination, identify(at_destination))};
  }

  std::set<std::string> at_source;
  std::set<std::string> at_destination;
};

using Asked = std::set<std::string>;

} // namespace

TEST_CASE("tags that the rules leave out by their names are not identified") {
  Names names;
  Rules rules;
  rules.tags.exclude = {Pattern::parse("*-dev")};
  rules.semver = SemverRange::parse(">=1");
  CHECK(planned(names.listings({"0.9", "1.0", "1.1", "2.0-dev", "latest"},
                               {"0.9", "1.0", "2.0-dev", "3.0"}),
                rules) == Lines{"0.9 skip: filtered by --semver", "1.0 keep: same",
                                "1.1 copy: missing", "2.0-dev skip: filtered by its name",
                                "latest skip: filtered by --semver"});
  CHECK(names.at_source == Asked{"1.0", "1.1"});
  CHECK(names.at_destination == Asked{"1.0"});
}

TEST_CASE("of versions only the latest are identified, and more in place of broken ones") {
  Rules rules;
  rules.latest = 2;
  Names names;
  planned(names.listings({"1", "2", "3", "4", "5"}, {"1", "5"}), rules);
  CHECK(names.at_source == Asked{"4", "5"});
  CHECK(names.at_destination == Asked{"5"});
  Names words;
  planned(words.listings({"a", "b", "c"}, {}), rules); // each one's age is needed
  CHECK(words.at_source == Asked{"a", "b", "c"});
  Names broken;
  rules.latest = 1;
  rules.tags.exclude = {Pattern::parse("z")};
  CHECK(planned(broken.listings({"a", "b", "broken", "z"}, {}), rules) ==
        Lines{"a skip: filtered by --latest", "b copy: missing",
              "broken skip: filtered by --latest", "z skip: filtered by its name"});
}

TEST_CASE("tags to be pruned are identified, so that applying the plan can check them") {
  Names names;
  Rules rules;
  rules.prune.enabled = true;
  rules.prune.limit = 1;
  auto lists = names.listings({"a"}, {"a", "b"});
  const auto tags = plan(lists, rules, {k_no_age, k_equal, k_equal, k_none, k_none}, k_now);
  REQUIRE(tags.size() == 2);
  CHECK(tags[1].action == Action::remove);
  CHECK(tags[1].previous == "1");
}

TEST_CASE("the passage decides whether tags are the same") {
  auto lists = listings({{"a", "id"}, {"b", "other"}}, TagListing{{"a", "sha256:id"}, {"b", "id"}});
  const auto is_same = [](const std::string& from, const std::string& there) {
    return there == "sha256:" + from;
  };
  const auto tags = plan(lists, {}, {k_no_age, is_same, k_equal, k_none, k_none}, k_now);
  REQUIRE(tags.size() == 2);
  CHECK(tags[0].action == Action::keep);
  CHECK(tags[1].action == Action::update);
}

TEST_CASE("the passage decides whether an image keeps its referrers") {
  const auto is_same = [](const std::string& from, const std::string& there) {
    return there == "sha256:" + from;
  };
  std::vector<std::string> looked_at;
  const auto find_new_referrers = [&](const std::vector<std::string>& identities) {
    looked_at = identities;
    return std::set<std::string>(identities.begin(), identities.end());
  };
  auto lists = listings({{"a", "id"}}, TagListing{{"a", "sha256:id"}});
  CHECK(plan(lists, {}, {k_no_age, is_same, k_equal, k_none, find_new_referrers}, k_now)
            .front()
            .reason == "same");
  CHECK(looked_at.empty());
  CHECK(plan(lists, {}, {k_no_age, is_same, is_same, k_none, find_new_referrers}, k_now)
            .front()
            .reason == "new referrers");
  CHECK(looked_at == std::vector<std::string>{"id"});
}

namespace {

/// Two sides with attached tags, and what is asked of them. A tag's identity is `names` of its
/// side.
struct AttachedSides {
  Listings listings() {
    const auto side = [](const TagListing& names, const AttachedTags& attached,
                         const ListedSubjects& subjects) {
      std::vector<std::string> tags;
      for (const auto& [tag, identity] : names) {
        const bool is_list = tag.ends_with(".list");
        if (!attached.contains(tag) && !is_list) {
          tags.push_back(tag);
        }
      }
      return ListedTags(
          tags,
          [names](const std::vector<std::string>& wanted) {
            TagListing found;
            for (const auto& tag : wanted) {
              found[tag] = names.at(tag);
            }
            return found;
          },
          attached, subjects);
    };
    return {"team/app", "mirror/app", side(source, source_attached, {}),
            side(destination, destination_attached, destination_subjects), is_one_tag};
  }

  Lines planned(const Rules& rules = {}) {
    auto lists = listings();
    const auto find_held = [&](const std::vector<std::string>& identities) {
      asked.insert(identities.begin(), identities.end());
      std::set<std::string> found;
      for (const auto& identity : identities) {
        if (held.contains(identity)) {
          found.insert(identity);
        }
      }
      return found;
    };
    const auto find_new_referrers = [&](const std::vector<std::string>& identities) {
      looked_at.insert(looked_at.end(), identities.begin(), identities.end());
      return referred_to;
    };
    Questions questions{k_no_age, k_equal, k_equal, find_held, find_new_referrers};
    questions.find_listed = [&](const std::vector<std::string>& tags) {
      std::set<std::string> found;
      for (const auto& tag : tags) {
        found.insert(listed.at(tag).begin(), listed.at(tag).end());
      }
      return found;
    };
    Lines lines;
    for (const auto& tag : plan(lists, rules, questions, k_now)) {
      lines.push_back(tag.tag + " " + std::string(to_string(tag.action)) + ": " + tag.reason);
    }
    return lines;
  }

  TagListing source;
  AttachedTags source_attached;
  TagListing destination;
  AttachedTags destination_attached;
  bool is_one_tag = false;
  std::set<std::string> held = {};
  std::set<std::string> referred_to = {}; ///< by something new
  Asked asked = {};
  std::vector<std::string> looked_at = {}; ///< for new referrers
  ListedSubjects destination_subjects = {};
  std::map<std::string, std::set<std::string>> listed = {}; ///< by the tags of the lists
};

} // namespace

TEST_CASE("the transfer of an image takes its attached tags along") {
  AttachedSides sides{{{"a", "1"}, {"1.sig", "s"}}, {{"1.sig", "1"}}, {{"a", "0"}}, {}};
  CHECK(sides.planned() == Lines{"a update: differs"});
  CHECK(sides.asked.empty());
}

TEST_CASE("attached tags of an image that is there are compared") {
  AttachedSides sides{{{"a", "1"}, {"1.sig", "s"}, {"1.att", "t"}},
                      {{"1.sig", "1"}, {"1.att", "1"}},
                      {{"a", "1"}, {"1.sig", "old"}},
                      {{"1.sig", "1"}}};
  CHECK(sides.planned() == Lines{"1.att copy: missing", "1.sig update: differs", "a keep: same"});
  CHECK(sides.asked.empty());
  Rules rules;
  rules.tags.exclude = {Pattern::parse("1.*")};
  CHECK(sides.planned(rules).size() == 3); // no rule of names is about them
  rules.referrers = false;
  CHECK(sides.planned(rules) == Lines{"a keep: same"});
}

TEST_CASE("of attached tags that no tag explains the destination is asked for the image") {
  AttachedSides sides{{{"a", "1"}, {"7.sig", "s"}, {"8.sig", "t"}, {"9.sig", "u"}},
                      {{"7.sig", "7"}, {"8.sig", "8"}, {"9.sig", "9"}},
                      {{"a", "1"}, {"9.sig", "u"}},
                      {{"9.sig", "9"}},
                      false,
                      {"8"}};
  CHECK(sides.planned() == Lines{"8.sig copy: missing", "9.sig keep: same", "a keep: same"});
  CHECK(sides.asked == Asked{"7", "8"});
  sides.asked.clear();
  sides.is_one_tag = true;
  CHECK(sides.planned() == Lines{"a keep: same"});
  CHECK(sides.asked.empty());
}

TEST_CASE("an attached tag that never changes is not asked for where both sides have it") {
  AttachedSides sides{{{"a", "1"}, {"1.sig", "s"}},
                      {{"1.sig", "1"}},
                      {{"a", "1"}, {"1.sig", "other"}},
                      {{"1.sig", "1"}}};
  Rules rules;
  rules.immutable_tags = {Pattern::parse("*.sig")};
  CHECK(sides.planned(rules) == Lines{"1.sig keep: immutable", "a keep: same"});
}

TEST_CASE("an image that is there is updated if something new refers to it") {
  AttachedSides sides{{{"a", "1"}, {"b", "1"}, {"c", "2"}, {"d", "3"}, {"e", "4"}},
                      {},
                      {{"a", "1"}, {"b", "1"}, {"c", "2"}, {"d", "0"}, {"e", "4"}},
                      {}};
  sides.referred_to = {"1"};
  Rules rules;
  rules.immutable_tags = {Pattern::parse("e")};
  CHECK(sides.planned(rules) == Lines{"a update: new referrers", "b update: new referrers",
                                      "c keep: same", "d update: differs", "e keep: immutable"});
  CHECK(sides.looked_at == Lines{"1", "2"}); // each once, and none that moves anyway
  sides.looked_at.clear();
  rules.referrers = false;
  CHECK(sides.planned(rules).front() == "a keep: same");
  CHECK(sides.looked_at.empty());
}

TEST_CASE("attached tags are pruned with the last tag of their image") {
  AttachedSides sides{{{"a", "1"}},
                      {},
                      {{"a", "1"}, {"b", "2"}, {"1.sig", "s"}, {"2.sig", "t"}},
                      {{"1.sig", "1"}, {"2.sig", "2"}}};
  Rules rules;
  rules.prune = {true, 1, true};
  CHECK(sides.planned(rules) == Lines{"2.sig delete: its image is not at the source",
                                      "a keep: same", "b delete: not at the source"});
  sides.source["c"] = "2";
  sides.destination["c"] = "2";
  CHECK(sides.planned(rules) ==
        Lines{"a keep: same", "b delete: not at the source", "c keep: same"});
  rules.protected_tags = {Pattern::parse("2.*")};
  sides.source.erase("c");
  CHECK(sides.planned(rules) ==
        Lines{"a keep: same", "b delete: not at the source", "c delete: not at the source"});
}

TEST_CASE(
    "lists of referrers are pruned with the last tag of their image, and what hangs on them") {
  AttachedSides sides{{{"a", "1"}},
                      {},
                      {{"a", "1"},
                       {"b", "2"},
                       {"1.list", "l1"},
                       {"2.list", "l2"},
                       {"5.list", "l5"},
                       {"5.sig", "s"},
                       {"s.sig", "t"}},
                      {{"5.sig", "5"}, {"s.sig", "s"}}};
  sides.destination_subjects = {{"1", "1.list"}, {"2", "2.list"}, {"5", "5.list"}};
  sides.listed = {{"2.list", {"5"}}, {"5.list", {"2"}}};
  Rules rules;
  rules.prune = {true, 1, true};
  const std::string reason = " delete: its image is not at the source";
  CHECK(sides.planned(rules) == Lines{"2.list" + reason, "5.list" + reason, "5.sig" + reason,
                                      "a keep: same", "b delete: not at the source",
                                      "s.sig" + reason});
  rules.protected_tags = {Pattern::parse("2.*")};
  CHECK(sides.planned(rules) == Lines{"a keep: same", "b delete: not at the source"});
}

TEST_SUITE_END();
