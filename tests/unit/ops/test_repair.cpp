// SPDX-License-Identifier: Apache-2.0
#include "v1_bucket.hpp"

#include <regctl/ops/repair.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace regctl;
using namespace regctl::test;

namespace {

const std::string k_image(64, 'a');
const std::string k_lost(64, 'b');

struct Fixture : V1Bucket {
  Fixture() {
    push(k_image, "", "whole");
    storage->put_tag("team/app", "lost", k_lost, "{}");
    grow_old();
  }

  void drop_tags() {
    ops::repair(session, storage, {.drop_tags = true},
                [&](const ops::RepairAct& act) { dropped.push_back(act.tag); });
  }

  std::vector<std::string> dropped;
};

/// The first request after the tree was listed.
const std::string k_after_listing = "GET /b/r/images/" + k_image;

} // namespace

TEST_SUITE_BEGIN("ops/repair");

TEST_CASE_FIXTURE(Fixture, "a tag whose image is gone is dropped") {
  drop_tags();
  CHECK(dropped == std::vector<std::string>{"lost"});
  CHECK_FALSE(storage->find_tag("team/app", "lost"));
  CHECK(storage->find_tag("team/app", "whole"));
}

TEST_CASE_FIXTURE(Fixture, "a tag whose image has come since the tree was listed is kept") {
  before(k_after_listing, [&] { push(k_lost, "", "lost"); });
  drop_tags();
  CHECK(dropped.empty());
  CHECK(storage->find_tag("team/app", "lost") == k_lost);
}

TEST_CASE_FIXTURE(Fixture, "a tag that has another image since the tree was listed is kept") {
  before(k_after_listing, [&] { storage->put_tag("team/app", "lost", k_image, "{}"); });
  drop_tags();
  CHECK(dropped.empty());
  CHECK(storage->find_tag("team/app", "lost") == k_image);
}

TEST_SUITE_END();
