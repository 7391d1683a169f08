// SPDX-License-Identifier: Apache-2.0
#include "ops/mirror/forecast.hpp"

#include <doctest/doctest.h>

#include <map>

using namespace regctl;
using ops::mirror::Ahead;
using ops::mirror::Forecast;
using Side = Forecast::Side;
using Known = Forecast::Known;

namespace {

/// Images by ID, and how often each was asked for.
struct Images {
  std::map<std::string, Known> known;
  std::map<std::string, int> asked;
  Forecast::LookUp look_up = [this](const std::string& id) -> std::optional<Known> {
    ++asked[id];
    const auto found = known.find(id);
    return found == known.end() ? std::nullopt : std::optional(found->second);
  };
};

/// base ← lib ← {app, tool}; base ← other.
Images usual_images() {
  Images images;
  images.known = {{"base", {1000, ""}},
                  {"lib", {200, "base"}},
                  {"app", {30, "lib"}},
                  {"tool", {4, "lib"}},
                  {"other", {5, "base"}}};
  return images;
}

} // namespace

TEST_SUITE_BEGIN("ops/mirror/forecast");

TEST_CASE("an image is counted for the first tag that needs it, and shared by the others") {
  auto images = usual_images();
  Forecast forecast(Side::remote, Side::remote);
  struct Row {
    const char* id;
    std::uint64_t images;
    std::uint64_t bytes;
    std::uint64_t bytes_shared;
    std::uint64_t requests; // 5 for the tag, 2 for a look at an image, 5 to move one
    std::uint64_t shared_in_all;
  };
  const Row rows[] = {
      {"app", 3, 1230, 0, 5 + 3 * 7, 0},
      {"tool", 1, 4, 1200, 5 + 7, 1200},
      {"other", 1, 5, 1000, 5 + 7, 1200},
      {"app", 0, 0, 1230, 5, 1230}, // another tag of the same image
      {"app", 0, 0, 1230, 5, 1230},
  };
  for (const auto& row : rows) {
    CAPTURE(row.id);
    const auto ahead = forecast.add_transfer(row.id, images.look_up);
    CHECK(ahead.images == row.images);
    CHECK(ahead.bytes == row.bytes);
    CHECK(ahead.bytes_shared == row.bytes_shared);
    CHECK(ahead.requests == row.requests);
    CHECK(ahead.has_all_images);
    CHECK(ahead.has_all_sizes);
    CHECK(forecast.shared_bytes() == row.shared_in_all);
  }
  for (const auto& asked : images.asked) { // no binding: clang captures none
    CAPTURE(asked.first);
    CHECK(asked.second == 1);
  }
}

TEST_CASE("what the destination has does not move, and is looked at once") {
  auto images = usual_images();
  images.known["lib"].is_there = true;
  Forecast forecast(Side::remote, Side::remote);
  forecast.add_there("other", images.look_up);
  const auto ahead = forecast.add_transfer("app", images.look_up);
  CHECK(ahead.bytes == 30);
  CHECK(ahead.requests == 5 + 3 * 2 + 5);
  CHECK(forecast.add_transfer("other", images.look_up).requests == 5 + 2);
  CHECK(forecast.shared_bytes() == 0);
}

TEST_CASE("requests are counted at the sides that take them") {
  struct Row {
    Side source;
    Side destination;
    std::uint64_t transfer;
    std::uint64_t removal;
  };
  const Row rows[] = {
      {Side::remote, Side::remote, 5 + 2 * 7, 2},
      {Side::remote, Side::local, 1 + 2 * 2, 0},
      {Side::local, Side::remote, 4 + 2 * 5, 2},
      {Side::local, Side::local, 0, 0},
  };
  for (const auto& row : rows) {
    auto images = usual_images();
    Forecast forecast(row.source, row.destination);
    CHECK(forecast.add_transfer("other", images.look_up).requests == row.transfer);
    CHECK(forecast.add_removal().requests == row.removal);
  }
  auto images = usual_images();
  images.known["other"].size_bytes = 0; // an empty layer is not asked for
  Forecast forecast(Side::remote, Side::local);
  CHECK(forecast.add_transfer("other", images.look_up).requests == 1 + 2 * 2 - 1);
}

TEST_CASE("what is not known is said") {
  struct Row {
    const char* name;
    void (*change)(Images& images);
    bool has_all_images;
    bool has_all_sizes;
    std::uint64_t bytes;
  };
  const Row rows[] = {
      {"nothing of the image", [](Images& images) { images.known.erase("app"); }, false, false, 0},
      {"nothing of one below", [](Images& images) { images.known.erase("lib"); }, false, false, 30},
      {"a size", [](Images& images) { images.known["lib"].size_bytes.reset(); }, true, false, 1030},
      {"a loop", [](Images& images) { images.known["base"].parent = "app"; }, false, false, 1230},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    auto images = usual_images();
    row.change(images);
    Forecast forecast(Side::remote, Side::remote);
    const auto ahead = forecast.add_transfer("app", images.look_up);
    CHECK(ahead.has_all_images == row.has_all_images);
    CHECK(ahead.has_all_sizes == row.has_all_sizes);
    CHECK(ahead.bytes == row.bytes);
  }
}

TEST_CASE("below an image that is there nothing moves, whatever there is") {
  auto images = usual_images();
  images.known.erase("lib");
  Forecast forecast(Side::remote, Side::remote);
  forecast.add_there("lib", images.look_up);
  const auto ahead = forecast.add_transfer("app", images.look_up);
  CHECK(!ahead.has_all_images);
  CHECK(ahead.has_all_sizes);
  CHECK(ahead.bytes == 30);
}

TEST_CASE("what is learnt between two tags is used") {
  auto images = usual_images();
  images.known.erase("lib");
  Forecast forecast(Side::remote, Side::remote);
  CHECK(!forecast.add_transfer("app", images.look_up).has_all_sizes);
  images.known["lib"] = {200, "base"};
  const auto ahead = forecast.add_transfer("tool", images.look_up);
  CHECK(ahead.has_all_sizes);
  CHECK(ahead.bytes == 1004); // lib moves for the other one
}

TEST_CASE("of more images than it remembers it forgets those needed longest ago") {
  Images images;
  images.known["base"] = {1000, ""};
  Forecast forecast(Side::remote, Side::remote);
  const auto count = 2 * Forecast::k_limit;
  for (std::size_t i = 0; i < count; ++i) {
    const auto id = std::to_string(i);
    images.known = {{"base", {1000, ""}}, {id, {1, "base"}}};
    const auto ahead = forecast.add_transfer(id, images.look_up);
    REQUIRE(ahead.bytes == (i == 0 ? 1001 : 1));
  }
  CHECK(images.asked["base"] == 1);
  images.known["0"] = {1, "base"};
  CHECK(forecast.add_transfer("0", images.look_up).bytes == 1); // forgotten, and counted anew
}

TEST_SUITE_END();
