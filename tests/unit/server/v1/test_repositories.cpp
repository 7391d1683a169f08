// SPDX-License-Identifier: Apache-2.0
#include "objects/bucket_tree.hpp"
#include "server/v1/answers.hpp"
#include "support/bucket_options.hpp"
#include "support/fake_bucket.hpp"
#include "support/fake_request.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

using namespace regctl;
using namespace regctl::server;
using namespace regctl::test;

namespace {

using Names = std::vector<std::string>;

/// The repositories of a tree in a bucket, which has been listed.
struct Fixture {
  Fixture() {
    service.storage = V1Storage::open(
        objects::open_bucket_tree(std::make_shared<objects::Bucket>(server, bucket_options()), "r"),
        V1Storage::Missing::create);
    for (const auto* name : {"team/app", "team/bare"}) {
      service.storage->put_tag(name, "1.0", std::string(64, 'a'), "{}");
    }
    service.storage->add_index_images("team/app", {std::string(64, 'a')}, {});
    service.index = make_listed_index(service.storage, [](const std::string&) {});
    REQUIRE(service.index->find("") == Names{"team/app", "team/bare"}); // waits for the listing
  }

  int remove_tag(const std::string& name, const std::string& tag) {
    const FakeRequest request("DELETE", "/v1/repositories/" + name + "/tags/" + tag);
    const Target target{Target::Kind::tag, name, tag, ""};
    Call call{service, request, target, "", {}};
    return delete_tag(call).status;
  }

  FakeServer server{"http://s3:9000"};
  FakeBucket stored{server};
  Service service;
};

} // namespace

TEST_SUITE("server/v1/repositories") {
  TEST_CASE_FIXTURE(Fixture, "a tag that is removed is gone from the index of a bucket at once") {
    CHECK(service.index->has_tags("team/app"));
    CHECK(remove_tag("team/app", "2.0") == 404);
    CHECK(service.index->has_tags("team/app"));
    CHECK(remove_tag("team/app", "1.0") == 200);
    CHECK_FALSE(service.index->has_tags("team/app"));
    CHECK(service.index->tags("team/app")->empty());
    CHECK(service.index->find("") == Names{"team/app", "team/bare"});
    CHECK(remove_tag("team/bare", "1.0") == 200); // the repository has nothing else
    CHECK(service.index->find("") == Names{"team/app"});
  }
}
