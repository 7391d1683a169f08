// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/model/v1/tarsum.hpp>

#include <doctest/doctest.h>

#include <filesystem>

using namespace regctl;

namespace {

const std::filesystem::path k_data = std::filesystem::path(REGCTL_TEST_DATA) / "tarsum";

std::unique_ptr<Source> layer(const std::string& name) {
  return make_fd_source(open_for_reading(k_data / (name + ".layer")), name);
}

} // namespace

TEST_SUITE_BEGIN("model/v1/tarsum");

TEST_CASE("tarsums match those that engine 1.9.1 sent") {
  struct Row {
    const char* image;
    const char* sum;
  };
  for (const auto& row :
       {Row{"6c721bc61d13",
            "tarsum+sha256:a7a00269ff308d244095f314230302556526731585291dad9feb9537a558cdcf"},
        Row{"90faa9565197",
            "tarsum+sha256:8ecc2a91fc2c08867c8519b7bf2b4cf4b3e5724161a9277b4d66c4a8ce8d6852"}}) {
    CAPTURE(row.image);
    const auto json = read_file(k_data / (std::string(row.image) + ".json"), 100'000);
    CHECK(tarsum(json, layer(row.image)) == row.sum);
  }
}

TEST_CASE("data that is not a tar has no tarsum") {
  CHECK_THROWS_AS(tarsum("{}", make_text_source(std::string(1000, 'x'))), Error);
  Tarsum sum("{}");
  CHECK_FALSE(sum.result());
  sum.give_up(Error(ErrorKind::protocol, "damaged"));
  CHECK_FALSE(sum.result());
}

TEST_SUITE_END();
