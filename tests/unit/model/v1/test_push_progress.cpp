// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/model/v1/push_progress.hpp>

#include <doctest/doctest.h>

#include <future>

using namespace regctl;
using Stage = PushProgress::Stage;

TEST_SUITE_BEGIN("model/v1/push_progress");

TEST_CASE("there is no wait for an image that is there or not part of the push") {
  PushProgress progress({"a", "b"});
  progress.wait_for("a", Stage::waiting);
  progress.wait_for("elsewhere", Stage::complete);
  progress.wait_for(std::nullopt, Stage::complete);
  progress.advance("a", Stage::complete);
  progress.wait_for("a", Stage::json_there);
  progress.wait_for("a", Stage::complete);
}

TEST_CASE("a waiting thread goes on when the image reaches the stage") {
  PushProgress progress({"a"});
  auto json = std::async(std::launch::async, [&] { progress.wait_for("a", Stage::json_there); });
  progress.advance("a", Stage::json_there);
  json.get();
  auto whole = std::async(std::launch::async, [&] { progress.wait_for("a", Stage::complete); });
  progress.advance("a", Stage::complete);
  whole.get();
}

TEST_CASE("abandoning a push wakes all threads, now and later, with the first reason") {
  PushProgress progress({"a"});
  const auto reason = [](const char* text) {
    return std::make_exception_ptr(Error(ErrorKind::denied, text));
  };
  auto waiting = std::async(std::launch::async, [&] { progress.wait_for("a", Stage::complete); });
  progress.abandon(reason("first"));
  progress.abandon(reason("second"));
  CHECK_THROWS_WITH(waiting.get(), "first");
  CHECK_THROWS_WITH(progress.wait_for("a", Stage::complete), "first");
  CHECK_THROWS_WITH(progress.wait_for("elsewhere", Stage::complete), "first");
}

TEST_SUITE_END();
