// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "objects/bucket_tree.hpp"
#include "support/bucket_options.hpp"
#include "support/fake_bucket.hpp"
#include "support/notes.hpp"

#include <regctl/base/stream.hpp>
#include <regctl/formats/v1_image_writer.hpp>
#include <regctl/ops/session.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <ctime>
#include <functional>
#include <memory>
#include <string>

namespace regctl::test {

/// A v1 storage tree in a bucket, as several processes see it.
struct V1Bucket {
  FakeServer server{"http://s3:9000"};
  FakeBucket stored{server};
  Notes notes;
  ops::Session session{{}, notes};
  std::shared_ptr<V1Storage> storage = open();

  std::shared_ptr<V1Storage> open() {
    auto bucket = std::make_shared<objects::Bucket>(server, bucket_options());
    return V1Storage::open(objects::open_bucket_tree(std::move(bucket), "r"),
                           V1Storage::Missing::create);
  }

  void push(const std::string& id, const std::string& parent, const std::string& tag) {
    const auto into = open();
    constexpr std::chrono::milliseconds k_at_once{0};
    const auto writer = into->write_image(id, k_at_once);
    REQUIRE(writer);
    const auto json =
        R"({"id":")" + id + (parent.empty() ? "" : R"(","parent":")" + parent) + R"("})";
    REQUIRE(writer->put_json(json) == V1Storage::ImageWriter::JsonOutcome::stored);
    const auto layer = writer->start_layer();
    layer->write(as_bytes("layer"));
    layer->commit();
    writer->complete();
    into->add_index_images("team/app", {id}, {});
    into->put_tag("team/app", tag, id, "{}");
  }

  /// Everything that is stored becomes older than any grace.
  void grow_old() {
    constexpr std::time_t k_long_ago = 1'000'000'000;
    for (const auto& [key, bytes] : stored.objects()) {
      stored.put(key, bytes, k_long_ago);
    }
  }

  /// `act` runs once, before the first request whose line has this text in it.
  void before(const std::string& text, std::function<void()> act) {
    const auto is_done = std::make_shared<std::atomic_flag>(); // shared with copies of the function
    server.before = [text, act = std::move(act), is_done](const SeenRequest& seen) {
      if (seen.line.find(text) != std::string::npos && !is_done->test_and_set()) {
        act();
      }
    };
  }

  [[nodiscard]] bool is_complete(const std::string& id) {
    return open()->image_state(id) == V1ImageState::complete;
  }
};

} // namespace regctl::test
