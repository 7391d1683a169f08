// SPDX-License-Identifier: Apache-2.0
#include "support/failure.hpp"
#include "v1_bucket.hpp"

#include <regctl/ops/gc.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace regctl;
using namespace regctl::test;

namespace {

const std::string k_base(64, 'a');
const std::string k_top(64, 'b');
const std::string k_kept(64, 'c');

struct Fixture : V1Bucket {
  /// A kept image, and one that was tagged once.
  Fixture() {
    push(k_kept, "", "kept");
    push(k_base, "", "old");
    storage->remove_tag("team/app", "old");
    grow_old();
  }

  ops::GcReport collect(bool force = false) {
    return ops::collect_garbage(session, storage, {.apply = true, .force = force},
                                [&](const ops::GcImage& image) { removed.push_back(image.id); });
  }

  std::vector<std::string> removed;
};

} // namespace

TEST_SUITE_BEGIN("ops/gc");

TEST_CASE_FIXTURE(Fixture, "of a bucket goes what no tag reaches") {
  CHECK(collect().images == 1);
  CHECK(removed == std::vector<std::string>{k_base});
  CHECK_FALSE(is_complete(k_base));
  CHECK(is_complete(k_kept));
  CHECK(storage->index_images("team/app")->find(k_base) == std::string::npos);
}

TEST_CASE("the parent of an image that is pushed while a bucket is listed is kept") {
  for (const auto* listing : {"prefix=r%2Frepositories", "prefix=r%2Fimages"}) {
    CAPTURE(listing);
    Fixture bucket;
    bucket.before(listing, [&] { bucket.push(k_top, k_base, "new"); });
    bucket.collect();
    CHECK(bucket.removed.empty());
    CHECK(bucket.is_complete(k_base));
    CHECK(bucket.is_complete(k_top));
  }
}

TEST_CASE_FIXTURE(Fixture, "a tag whose image comes while gc runs keeps that image's parent") {
  storage->put_tag("team/app", "new", k_top, "{}");
  grow_old();
  before("_inprogress", [&] { push(k_top, k_base, "new"); }); // gc condemns
  collect(true);
  CHECK(removed.empty());
  CHECK(is_complete(k_base));
}

TEST_CASE_FIXTURE(Fixture, "an image that is pushed while gc runs stays in the list of images") {
  before("uploads", [&] { push(k_top, k_kept, "new"); });
  collect();
  CHECK(removed == std::vector<std::string>{k_base});
  const auto listed = storage->index_images("team/app").value_or("");
  CHECK(listed.find(k_top) != std::string::npos);
  CHECK(listed.find(k_kept) != std::string::npos);
  CHECK(listed.find(k_base) == std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "an image that was spared stays in the list of images") {
  before("_inprogress", [&] { storage->put_tag("team/app", "again", k_base, "{}"); });
  collect();
  CHECK(removed.empty());
  CHECK(storage->index_images("team/app")->find(k_base) != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture,
                  "without the right to list uploads the rest is done, and that is noted") {
  stored.forbids_uploads = true;
  CHECK(collect().images == 1);
  CHECK_FALSE(is_complete(k_base));
  CHECK(storage->index_images("team/app")->find(k_base) == std::string::npos);
  CHECK(notes.text.find("s3:ListBucketMultipartUploads") != std::string::npos);
}

TEST_SUITE_END();
