// SPDX-License-Identifier: Apache-2.0
#include "objects/bucket_tree.hpp"
#include "objects/claim.hpp"
#include "support/bucket_options.hpp"
#include "support/failure.hpp"
#include "support/fake_bucket.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/stream.hpp>
#include <regctl/formats/v1_image_writer.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <ctime>
#include <functional>
#include <memory>
#include <string>

using namespace regctl;
using namespace regctl::objects;
using namespace regctl::test;
using namespace std::chrono_literals;

namespace {

using Conditions = FakeBucket::Conditions;
using JsonOutcome = V1Storage::ImageWriter::JsonOutcome;

const std::string k_id(64, 'b');
const std::string k_folder = "r/images/" + k_id + "/";
const std::string k_mark = k_folder + "_inprogress";
const std::string k_json = R"({"id": ")" + k_id + "\"}";

/// A storage tree in a bucket, and another process that writes the image `k_id` to it.
struct Fixture {
  FakeServer server{"http://s3:9000"};
  FakeBucket stored{server};
  std::shared_ptr<V1Storage> storage = open();

  std::shared_ptr<V1Storage> open() {
    return V1Storage::open(
        open_bucket_tree(std::make_shared<Bucket>(server, bucket_options()), "r"),
        V1Storage::Missing::create);
  }

  std::unique_ptr<V1Storage::ImageWriter> write() { return storage->write_image(k_id, 0ms); }

  /// The other process puts its mark, so many seconds ago.
  void mark_elsewhere(std::time_t age_s = 0) {
    stored.put(k_mark, "true", std::time(nullptr) - age_s);
  }

  /// The other process completes the image.
  void complete_elsewhere() {
    stored.put(k_folder + "json", k_json, std::time(nullptr));
    stored.put(k_folder + "layer", "theirs", std::time(nullptr));
    stored.remove(k_mark);
  }

  /// Does this once, before the first request for the mark with this method.
  void before_mark(const std::string& method, std::function<void()> act) {
    server.before = [=, is_done = false](const SeenRequest& request) mutable {
      if (!is_done && request.line == method + " /b/" + k_mark) {
        is_done = true;
        act();
      }
    };
  }

  [[nodiscard]] bool is_marked() const { return stored.objects().contains(k_mark); }

  /// The image is as the other process has left it, and complete.
  void check_theirs() {
    CHECK_FALSE(is_marked());
    CHECK(stored.objects().at(k_folder + "layer") == "theirs");
    CHECK(open()->image_state(k_id) == V1ImageState::complete);
  }

  /// An upload that got as far as its layer. Its mark was put a while ago, so that it is looked at
  /// before it counts.
  std::unique_ptr<V1Storage::ImageWriter> old_upload() {
    auto writer = write();
    REQUIRE(writer->claim());
    REQUIRE(writer->put_json(k_json) == JsonOutcome::stored);
    const auto layer = writer->start_layer();
    layer->write(as_bytes("ours"));
    layer->commit();
    storage->look_again(k_id); // forgets the time of the mark
    return writer;
  }
};

} // namespace

TEST_SUITE("objects/v1_marks") {
  TEST_CASE_FIXTURE(Fixture, "an image that is completed while its mark is looked at is complete") {
    for (const auto conditions : {Conditions::kept, Conditions::ignored, Conditions::refused}) {
      stored.conditions = conditions;
      storage = open();
      mark_elsewhere();
      before_mark("GET", [&] { complete_elsewhere(); });
      CHECK_FALSE(write());
      check_theirs();
      REQUIRE(write());
      CHECK(write()->state() == V1ImageState::complete);
      stored.remove(k_folder + "json");
    }
  }

  TEST_CASE_FIXTURE(Fixture, "an old mark is not taken over once its image is complete") {
    mark_elsewhere(150);
    before_mark("PUT", [&] { complete_elsewhere(); });
    CHECK_FALSE(write());
    check_theirs();
  }

  TEST_CASE_FIXTURE(Fixture, "of two processes that take over an old mark one has it") {
    mark_elsewhere(150);
    before_mark("PUT", [&] { stored.put(k_mark, "another", std::time(nullptr)); });
    CHECK_FALSE(write());
    CHECK(stored.objects().at(k_mark) == "another");
  }

  TEST_CASE_FIXTURE(Fixture, "what was written before an old mark was taken over is known") {
    mark_elsewhere(150);
    stored.put(k_folder + "json", k_json, 0);
    before_mark("PUT", [&] { stored.put(k_folder + "_checksum", R"(["sha256:0"])", 0); });
    const auto writer = write();
    REQUIRE(writer);
    REQUIRE(writer->put_json(k_json + " ") == JsonOutcome::stored);
    CHECK_FALSE(stored.objects().contains(k_folder + "_checksum")); // it was of another JSON
  }

  TEST_CASE_FIXTURE(Fixture, "an image that is completed before it is marked stays as it is") {
    for (const auto conditions : {Conditions::kept, Conditions::ignored, Conditions::refused}) {
      stored.conditions = conditions;
      storage = open();
      const auto writer = write();
      before_mark("PUT", [&] { complete_elsewhere(); });
      REQUIRE(writer->claim());
      CHECK(writer->put_json(k_json) == JsonOutcome::overtaken);
      CHECK(writer->state() == V1ImageState::complete);
      check_theirs();
      stored.remove(k_folder + "json");
      stored.remove(k_folder + "layer");
    }
  }

  TEST_CASE_FIXTURE(Fixture, "an image that gets its layer before it is marked stays as it is") {
    stored.put(k_folder + "json", k_json, 0);
    const auto writer = write();
    before_mark("PUT", [&] { complete_elsewhere(); });
    CHECK_FALSE(writer->claim());
    check_theirs();
  }

  TEST_CASE_FIXTURE(Fixture, "an image that starts over may be removed before it is marked") {
    complete_elsewhere();
    const auto writer = write();
    before_mark("PUT", [&] { stored.remove(k_folder + "json"); });
    writer->start_over();
    CHECK(writer->put_json(k_json) == JsonOutcome::stored);
    CHECK(stored.objects().contains(k_folder + "json"));
  }

  TEST_CASE_FIXTURE(Fixture, "an upload that another process has taken over is not completed") {
    const auto writer = old_upload();
    mark_elsewhere();
    CHECK(failure([&] { writer->complete(); }) == ErrorKind::unavailable);
    CHECK(stored.objects().at(k_mark) == "true");
    CHECK(failure([&] { writer->start_layer()->write(as_bytes("x")); }) == ErrorKind::unavailable);
  }

  TEST_CASE_FIXTURE(Fixture, "an upload that another process has completed gets no mark again") {
    const auto writer = old_upload();
    complete_elsewhere();
    CHECK(failure([&] { writer->start_layer()->write(as_bytes("x")); }) == ErrorKind::unavailable);
    CHECK(failure([&] { writer->start_layer()->commit(); }) == ErrorKind::unavailable);
    CHECK(failure([&] { static_cast<void>(writer->put_json(k_json + " ")); }) ==
          ErrorKind::unavailable);
    check_theirs();
  }

  TEST_CASE_FIXTURE(Fixture, "an old upload whose mark is still there is completed") {
    const auto writer = old_upload();
    writer->complete();
    CHECK(open()->image_state(k_id) == V1ImageState::complete);
  }

  TEST_CASE_FIXTURE(Fixture, "writing a layer beside a complete image leaves it complete") {
    complete_elsewhere();
    write()->start_layer()->write(as_bytes("x"));
    check_theirs();
  }

  TEST_CASE_FIXTURE(Fixture, "a claim that is taken back leaves the mark of another process") {
    const auto writer = write();
    REQUIRE(writer->claim());
    storage->look_again(k_id);
    mark_elsewhere();
    writer->release();
    CHECK(is_marked());
  }

  TEST_CASE_FIXTURE(Fixture, "an image that has just been marked is not condemned") {
    complete_elsewhere();
    const auto writer = write();
    mark_elsewhere();
    CHECK(failure([&] { writer->condemn(); }) == ErrorKind::unavailable);
    CHECK(stored.objects().at(k_mark) == "true");
  }

  TEST_CASE_FIXTURE(Fixture, "a reprieve leaves the mark of another process") {
    complete_elsewhere();
    const auto writer = write();
    writer->condemn();
    CHECK(stored.objects().at(k_mark).starts_with("removed\n"));
    mark_elsewhere();
    writer->reprieve();
    CHECK(is_marked());
  }

  TEST_CASE_FIXTURE(Fixture, "a dead upload that is reprieved is an upload of this process") {
    mark_elsewhere(150);
    stored.put(k_folder + "json", k_json, 0);
    const auto writer = write();
    writer->condemn();
    CHECK(open()->is_remnant(k_id));
    writer->reprieve();
    CHECK(is_own_claim(stored.objects().at(k_mark)));
    writer->condemn();
    CHECK(writer->remove());
    CHECK(stored.objects().empty());
  }
}
