// SPDX-License-Identifier: Apache-2.0
#include "objects/bucket_tree.hpp"
#include "support/bucket_options.hpp"
#include "support/failure.hpp"
#include "support/fake_bucket.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/stream.hpp>
#include <regctl/formats/v1_image_writer.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

using namespace regctl;
using namespace regctl::objects;
using namespace regctl::test;
using namespace std::chrono_literals;

namespace {

using JsonOutcome = V1Storage::ImageWriter::JsonOutcome;

const std::string k_base(64, 'b');
const std::string k_top(64, 'c');

std::string json_of(const std::string& id, const std::string& parent = "") {
  return R"({"id": ")" + id + "\"" + (parent.empty() ? "" : R"(, "parent": ")" + parent + "\"") +
         "}";
}

/// A storage tree in a bucket, as several processes see it.
struct Fixture {
  FakeServer server{"http://s3:9000"};
  FakeBucket stored{server};
  std::shared_ptr<V1Storage> storage = open();

  std::shared_ptr<V1Storage> open() {
    return V1Storage::open(
        open_bucket_tree(std::make_shared<Bucket>(server, bucket_options()), "r"),
        V1Storage::Missing::create);
  }

  /// As a push does, request by request.
  void push(V1Storage& into, const std::string& id, const std::string& parent = "") const {
    REQUIRE(into.write_image(id, 0ms)->put_json(json_of(id, parent)) == JsonOutcome::stored);
    {
      const auto writer = into.write_image(id, 0ms);
      const auto layer = writer->start_layer();
      REQUIRE(layer);
      layer->write(as_bytes("layer"));
      layer->commit();
    }
    const auto writer = into.write_image(id, 0ms);
    CHECK(writer->has_layer());
    writer->complete();
  }

  std::size_t requests() {
    const auto count = server.lines().size();
    server.forget();
    return count;
  }
};

} // namespace

TEST_SUITE("objects/v1_storage") {
  TEST_CASE_FIXTURE(Fixture, "a push of an image costs few requests, and so does reading it") {
    push(*storage, k_base); // finds out whether the server keeps conditions
    requests();
    push(*storage, k_top, k_base);
    CHECK(requests() == 7); // LIST; mark, JSON, ancestry, layer, checksum; mark
    CHECK(storage->image_state(k_top) == V1ImageState::complete);
    CHECK(storage->find_image(k_top));
    CHECK(requests() == 0);
    const auto layer = storage->find_layer(k_top);
    REQUIRE(layer);
    CHECK(read_text(*layer->file->open("layer"), 10, "layer") == "layer");
    CHECK(requests() == 1);

    const auto other = open();
    requests();
    const auto image = other->find_image(k_top);
    REQUIRE(image);
    CHECK(image->json == json_of(k_top, k_base));
    CHECK(image->layer_size_bytes == 5);
    CHECK(image->payload_checksums.size() == 1);
    CHECK(requests() == 3); // LIST, JSON, checksum
    CHECK(other->find_image(k_top));
    CHECK(requests() == 0);
  }

  TEST_CASE_FIXTURE(Fixture, "an image in a trusted listing is not looked for") {
    push(*storage, k_base);
    const auto other = open();
    other->trust(other->snapshot());
    requests();
    CHECK(other->find_image(k_base));
    CHECK(requests() == 2); // JSON, checksum
    CHECK(other->find_layer(k_base));
    CHECK(requests() == 0);
    CHECK(other->image_state(k_base) == V1ImageState::complete); // a push builds on it
    CHECK(requests() == 1);
  }

  TEST_CASE_FIXTURE(Fixture, "what was removed from a trusted listing is noticed") {
    push(*storage, k_base);
    const auto other = open();
    other->trust(other->snapshot());
    CHECK(storage->write_image(k_base, 0ms)->remove());
    CHECK(stored.objects().empty());
    CHECK_FALSE(other->find_image(k_base));
    CHECK(other->image_state(k_base) == V1ImageState::absent);
  }

  TEST_CASE_FIXTURE(Fixture, "a snapshot knows the tags of a repository without reading them") {
    push(*storage, k_base);
    for (const auto* tag : {"1.0", "2.0", "latest"}) {
      storage->put_tag("team/app", tag, k_base, "{}");
    }
    const auto all = open()->snapshot();
    requests();
    const auto tags = all->tags("team/app");
    REQUIRE(tags);
    CHECK(tags->size() == 3);
    CHECK(tags->at("2.0") == k_base);
    CHECK(requests() == 0); // the IDs are those of images, and known by the MD5 of a tag's file
  }

  TEST_CASE_FIXTURE(Fixture, "an upload of another process keeps writers out for two minutes") {
    const auto now = std::time(nullptr);
    stored.put("r/images/" + k_base + "/_inprogress", "true", now);
    stored.put("r/images/" + k_base + "/json", json_of(k_base), now);
    CHECK_FALSE(storage->write_image(k_base, 0ms));
    CHECK(storage->image_state(k_base) == V1ImageState::in_progress);
    stored.put("r/images/" + k_base + "/_inprogress", "true", now - 150);
    push(*storage, k_base);
    CHECK(open()->image_state(k_base) == V1ImageState::complete);
  }

  TEST_CASE_FIXTURE(Fixture, "a condemned image is no longer there, and may be reprieved") {
    push(*storage, k_base);
    const auto writer = storage->write_image(k_base, 0ms);
    writer->condemn();
    CHECK_FALSE(open()->find_image(k_base));
    CHECK(open()->is_remnant(k_base));
    writer->reprieve();
    CHECK(open()->find_image(k_base));
    writer->condemn();
    stored.put("r/images/" + k_base + "/_inprogress", "true", std::time(nullptr)); // another push
    CHECK_FALSE(writer->remove());
    CHECK(stored.objects().contains("r/images/" + k_base + "/json"));
  }

  TEST_CASE_FIXTURE(Fixture, "a place without a tree is told from one with another thing") {
    stored.put("r/docker/registry/v2/x", "1", 0);
    CHECK(failure([&] { open(); }) == ErrorKind::protocol);
  }
}
