// SPDX-License-Identifier: Apache-2.0
#include "ops/places/tag_listing.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace regctl::ops;

namespace {

using Names = std::vector<std::string>;

/// A list of names alone, and what was asked for.
struct Fixture {
  std::vector<Names> asked;
  ListedTags tags{{"b", "a", "broken"}, [this](const Names& names) {
                    asked.push_back(names);
                    TagListing identities;
                    for (const auto& name : names) {
                      identities[name] =
                          name == "broken" ? std::nullopt : std::optional("id of " + name);
                    }
                    return identities;
                  }};
};

} // namespace

TEST_SUITE_BEGIN("ops/places/tag_listing");

TEST_CASE("a list with identities takes no request") {
  ListedTags tags(TagListing{{"a", "1"}, {"b", std::nullopt}});
  CHECK(tags.names() == Names{"a", "b"});
  CHECK(tags.find("a") == "1");
  CHECK(!tags.find("c"));
  CHECK(tags.contains("b"));
  CHECK(tags.first_broken() == "b");
  tags.identify({"a", "b", "c"});
  CHECK(tags.identify_all() == TagListing{{"a", "1"}, {"b", std::nullopt}});
}

TEST_CASE_FIXTURE(Fixture, "in a list of names each tag is identified once, when that is needed") {
  CHECK(tags.names() == Names{"a", "b", "broken"});
  CHECK(tags.size() == 3);
  CHECK(!tags.find("a"));
  CHECK(!tags.first_broken()); // not seen to be
  tags.identify({"a", "other"});
  CHECK(tags.find("a") == "id of a");
  tags.identify({"a"});
  CHECK(asked == std::vector<Names>{{"a"}});
  tags.identify_all();
  CHECK(asked == std::vector<Names>{{"a"}, {"b", "broken"}});
  CHECK(tags.first_broken() == "broken");
}

TEST_CASE_FIXTURE(Fixture, "excluded tags are never identified") {
  tags.keep([](const std::string& tag) { return tag == "b"; });
  CHECK(tags.identify_all() == TagListing{{"b", "id of b"}});
  CHECK(asked == std::vector<Names>{{"b"}});
  CHECK(tags.size() == 1);
}

TEST_CASE("attached tags are no names, and are identified like them") {
  std::vector<Names> asked;
  const auto identify = [&](const Names& names) {
    asked.push_back(names);
    TagListing identities;
    for (const auto& name : names) {
      identities[name] = "id of " + name;
    }
    return identities;
  };
  ListedTags tags({"a"}, identify, {{"a.sig", "id of a"}});
  CHECK(tags.names() == Names{"a"});
  CHECK(tags.size() == 1);
  CHECK(tags.attached() == AttachedTags{{"a.sig", "id of a"}});
  CHECK(tags.contains("a.sig"));
  CHECK(!tags.find("a.sig"));
  tags.keep([](const std::string& tag) { return tag == "a"; });
  tags.identify({"a.sig"});
  CHECK(tags.find("a.sig") == "id of a.sig");
  CHECK(tags.identify_all() == TagListing{{"a", "id of a"}});
  CHECK(asked == std::vector<Names>{{"a.sig"}, {"a"}});
}

TEST_CASE("lists of referrers are no names, and are identified like them") {
  const auto identify = [](const Names& names) {
    TagListing identities;
    for (const auto& name : names) {
      identities[name] = "id of " + name;
    }
    return identities;
  };
  ListedTags tags({"a"}, identify, {}, {{"id of a", "a.list"}});
  CHECK(tags.names() == Names{"a"});
  CHECK_FALSE(tags.contains("a.list"));
  tags.keep([](const std::string&) { return false; });
  tags.identify({"a.list"});
  CHECK(tags.find("a.list") == "id of a.list");
  CHECK(tags.identify_all().empty());
}

TEST_SUITE_END();
