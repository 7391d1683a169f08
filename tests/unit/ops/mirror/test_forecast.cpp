// SPDX-License-Identifier: Apache-2.0
#include "ops/mirror/forecast.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace regctl;
using ops::Prospect;
using ops::mirror::Ahead;
using ops::mirror::Forecast;

namespace {

/// An item as a passage foresees it: 2 requests for a look, 5 to move.
struct Foreseen {
  std::string key;
  std::optional<std::uint64_t> size_bytes;
  bool is_there = false;
  bool has_rest = true;
};

/// What a tag with these items takes.
Ahead need(Forecast& forecast, const std::vector<Foreseen>& items) {
  Ahead ahead;
  for (const auto& item : items) {
    forecast.need({item.key, item.size_bytes, item.is_there, item.has_rest, 2, 5}, ahead);
  }
  return ahead;
}

const Foreseen k_base{"base", 1000};
const Foreseen k_lib{"lib", 200};
const Foreseen k_app{"app", 30};

} // namespace

TEST_SUITE_BEGIN("ops/mirror/forecast");

TEST_CASE("an item is counted for the first tag that needs it, and as shared for the others") {
  Forecast forecast;
  struct Row {
    Foreseen top;
    std::uint64_t images;
    std::uint64_t bytes;
    std::uint64_t bytes_shared;
    std::uint64_t requests;
    std::uint64_t shared_in_all;
  };
  const Row rows[] = {
      {k_app, 3, 1230, 0, 3 * 7, 0},
      {{"tool", 4}, 1, 4, 1200, 7, 1200},
      {k_app, 0, 0, 1230, 0, 1230}, // another tag of the same image
      {k_app, 0, 0, 1230, 0, 1230},
  };
  for (const auto& row : rows) {
    CAPTURE(row.top.key);
    const auto ahead = need(forecast, {row.top, k_lib, k_base});
    CHECK(ahead.images == row.images);
    CHECK(ahead.bytes == row.bytes);
    CHECK(ahead.bytes_shared == row.bytes_shared);
    CHECK(ahead.requests == row.requests);
    CHECK(ahead.has_all_images);
    CHECK(ahead.has_all_sizes);
    CHECK(forecast.shared_bytes() == row.shared_in_all);
  }
}

TEST_CASE("an item at the destination does not move, and is looked up once") {
  Forecast forecast;
  forecast.hold({k_base.key, k_base.size_bytes, false, true, 2, 5});
  const std::vector<Foreseen> items = {k_app, {"lib", 200, /*is_there=*/true}, k_base};
  const auto ahead = need(forecast, items);
  CHECK(ahead.bytes == 30);
  CHECK(ahead.requests == 3 * 2 + 5);
  CHECK(need(forecast, {k_lib, k_base}).requests == 0);
  CHECK(forecast.shared_bytes() == 0);
}

TEST_CASE("unknown items and sizes are marked in the forecast") {
  struct Row {
    const char* name;
    std::vector<Foreseen> items;
    bool has_all_images;
    bool has_all_sizes;
    std::uint64_t bytes;
  };
  const Row rows[] = {
      {"nothing of the image", {{"app", std::nullopt, false, false}}, false, false, 0},
      {"nothing of one below", {k_app, {"lib", std::nullopt, false, false}}, false, false, 30},
      {"a size", {k_app, {"lib", std::nullopt}, k_base}, true, false, 1030},
      {"what is below one of known size", {k_app, {"lib", 200, false, false}}, false, false, 230},
      {"what is below one that is there",
       {k_app, {"lib", std::nullopt, true, false}},
       false,
       true,
       30},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    Forecast forecast;
    const auto ahead = need(forecast, row.items);
    CHECK(ahead.has_all_images == row.has_all_images);
    CHECK(ahead.has_all_sizes == row.has_all_sizes);
    CHECK(ahead.bytes == row.bytes);
  }
}

TEST_CASE("beyond its limit a forecast forgets the items needed longest ago") {
  Forecast forecast;
  for (std::size_t i = 0; i < 2 * Forecast::k_limit; ++i) {
    const auto ahead = need(forecast, {{std::to_string(i), 1}, k_base});
    REQUIRE(ahead.bytes == (i == 0 ? 1001 : 1));
  }
  CHECK(need(forecast, {{"0", 1}, k_base}).bytes == 1); // forgotten, and counted anew
}

TEST_SUITE_END();
