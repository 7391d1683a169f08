// SPDX-License-Identifier: Apache-2.0
#include "ops/v1/layer_check.hpp"

#include <regctl/base/compression.hpp>
#include <regctl/base/error.hpp>
#include <regctl/base/hash.hpp>
#include <regctl/base/tar.hpp>
#include <regctl/model/v1/layer.hpp>
#include <regctl/model/v1/tarsum.hpp>

#include <doctest/doctest.h>

using namespace regctl;
using ops::Verdict;

namespace {

const std::string k_json = R"({"id":"x"})";

std::string some_tar() {
  std::string data(3000, 'x');
  for (std::size_t i = 0; i < data.size(); ++i) {
    data[i] = static_cast<char>(i * i % 251);
  }
  return make_tar_header({"file", data.size(), 0}) + data +
         std::string(tar_padding_bytes(data.size()), '\0') + make_tar_end();
}

std::string gzip(const std::string& text) {
  return read_text(*make_gzip_source(make_text_source(text)), 1000000, "gzip");
}

std::string payload_sum(const std::string& layer) {
  return "sha256:" + sha256_hex(payload_prefix(k_json) + layer);
}

ops::Judgement check(const std::string& layer, const std::vector<std::string>& sums) {
  const V1Image image{std::string(64, 'a'), k_json, layer.size(), sums, {}};
  return ops::check_layer(image, [&](LayerCheck check) {
    return make_layer_source(make_text_source(layer), image, check, {"layer", "v1-storage:x"},
                             [](const std::string&) {});
  });
}

} // namespace

TEST_SUITE_BEGIN("ops/v1/layer_check");

TEST_CASE("a layer is judged by its checksum, else by unpacking it") {
  const auto tar = some_tar();
  const auto packed = gzip(tar);
  const auto cut = packed.substr(0, packed.size() / 2);
  auto changed = packed;
  changed[packed.size() / 2] ^= 1;
  const auto sum = payload_sum(packed);
  const auto summed_tar = tarsum(k_json, make_text_source(packed));
  struct Row {
    std::string name;
    std::string layer;
    std::vector<std::string> sums;
    Verdict verdict;
  };
  const Row rows[] = {
      {"right sum", packed, {sum}, Verdict::sound},
      {"one of several", packed, {payload_sum("x"), sum}, Verdict::sound},
      {"no tar, but the sum is right", "text", {payload_sum("text")}, Verdict::sound},
      {"empty, and the sum is right", "", {payload_sum("")}, Verdict::sound},
      {"cut", cut, {sum}, Verdict::layer_cut},
      {"changed", changed, {sum}, Verdict::checksum_wrong},
      {"emptied", "", {sum}, Verdict::layer_cut},
      {"tarsum", packed, {summed_tar}, Verdict::sound},
      {"tarsum of another",
       packed,
       {"tarsum+sha256:" + std::string(64, '0')},
       Verdict::checksum_wrong},
      {"tarsum, cut", cut, {summed_tar}, Verdict::layer_cut},
      {"no sum", packed, {}, Verdict::sound},
      {"no sum, plain", tar, {}, Verdict::sound},
      {"no sum, cut", cut, {}, Verdict::layer_cut},
      {"no sum, cut plain", tar.substr(0, 1500), {}, Verdict::layer_cut},
      {"no sum, changed", changed, {}, Verdict::layer_damaged},
      {"no sum, no tar", std::string(2000, 'x'), {}, Verdict::layer_damaged},
      {"no sum, empty", "", {}, Verdict::layer_cut},
      {"a sum of another kind", cut, {"md5:1"}, Verdict::layer_cut},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    CHECK(check(row.layer, row.sums).verdict == row.verdict);
  }
}

TEST_CASE("a layer that was changed on its way is read once more") {
  const auto packed = gzip(some_tar());
  auto changed = packed;
  changed[packed.size() / 2] ^= 1;
  const std::vector<std::string> sums[] = {
      {payload_sum(packed)}, {tarsum(k_json, make_text_source(packed))}, {}};
  for (const auto& recorded : sums) {
    CAPTURE(recorded.size());
    const V1Image image{std::string(64, 'a'), k_json, packed.size(), recorded, {}};
    int opened = 0;
    const auto found = ops::check_layer(image, [&](LayerCheck check) {
      return make_layer_source(make_text_source(opened++ == 0 ? changed : packed), image, check,
                               {"layer", "v1://x"}, [](const std::string&) {});
    });
    CHECK(found.verdict == Verdict::sound);
    CHECK(opened == 2);
  }
}

TEST_CASE("a wrong checksum is told though the layer cannot be read once more") {
  const auto packed = gzip(some_tar());
  const V1Image image{std::string(64, 'a'), k_json, packed.size(), {payload_sum("other")}, {}};
  const auto check_with = [&](ErrorKind kind) {
    return ops::check_layer(image, [&](LayerCheck check) {
      if (check == LayerCheck::none) {
        throw Error(kind, "the last reading fails");
      }
      return make_layer_source(make_text_source(packed), image, check, {"layer", "v1://x"},
                               [](const std::string&) {});
    });
  };
  CHECK(check_with(ErrorKind::unavailable).verdict == Verdict::checksum_wrong);
  CHECK_THROWS_AS(check_with(ErrorKind::interrupted), Error);
}

TEST_CASE("every cut of a compressed layer shows") {
  const auto packed = gzip(some_tar());
  for (std::size_t size = 0; size < packed.size(); size += 97) {
    CAPTURE(size);
    CHECK(check(packed.substr(0, size), {}).verdict == Verdict::layer_cut);
    CHECK(check(packed.substr(0, size), {payload_sum(packed)}).verdict == Verdict::layer_cut);
  }
}

TEST_SUITE_END();
