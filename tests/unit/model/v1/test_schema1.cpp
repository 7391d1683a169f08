// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/compression.hpp>
#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/base/hash.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/lines.hpp>
#include <regctl/model/v1/converted_config.hpp>
#include <regctl/model/v1/derive.hpp>
#include <regctl/model/v1/schema1.hpp>

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

using namespace regctl;
using Notes = std::set<std::string>;

namespace {

const std::string k_folder = std::string(REGCTL_TEST_DATA) + "/conversion/schema1/";

oci::Document read_document(const std::string& bytes) {
  return oci::make_document(bytes, "application/json", std::nullopt, "the manifest");
}

Schema1Chain read_chain(const std::string& bytes) {
  return read_schema1_chain(read_document(bytes), "the manifest");
}

std::string unpack(const oci::Digest& layer) {
  const auto packed = read_file(k_folder + "blobs/" + std::string(layer.hex()), 1 << 20);
  const auto unpacked = make_decompressed_source(make_text_source(packed), "the layer");
  return read_text(*unpacked, 1 << 20, "the layer");
}

/// The steps with what a conversion learns of their layers.
std::vector<ConvertedStep> with_layers(const Schema1Chain& chain) {
  std::vector<ConvertedStep> steps;
  bool has_layer = false;
  for (const auto& step : chain.steps) {
    const auto tar = step.is_empty ? std::string() : unpack(step.layer);
    const bool is_empty = tar.find_first_not_of('\0') == std::string::npos;
    steps.push_back({step.json, "sha256:" + sha256_hex(tar), is_empty});
    has_layer = has_layer || !is_empty;
  }
  if (!has_layer) {
    steps.back().is_empty = false;
    steps.back().diff_id = k_empty_tar_diff_id;
  }
  return steps;
}

std::string manifest(const std::string& layers, const std::string& history) {
  return R"({"schemaVersion":1,"fsLayers":[)" + layers + R"(],"history":[)" + history + "]}";
}

const std::string k_layer = R"({"blobSum":"sha256:)" + std::string(64, 'a') + R"("})";

std::string step(const std::string& members) {
  return R"({"v1Compatibility":")" + members + R"("})";
}

} // namespace

TEST_SUITE_BEGIN("model/v1/schema1");

TEST_CASE("each manifest of the golden table becomes its config, or is refused") {
  LineReader rows(make_fd_source(open_regular_file(k_folder + "golden.jsonl"), "rows"), "rows");
  std::size_t count = 0;
  while (const auto line = rows.next()) {
    const auto row = parse_json(*line, "a row");
    const auto name = row.at("manifest").get<std::string>();
    CAPTURE(name);
    ++count;
    const auto bytes = read_file(k_folder + name, 1 << 20);
    if (row.contains("refused")) {
      CHECK_THROWS_AS(read_chain(bytes), Error);
      continue;
    }
    const auto document = read_document(bytes);
    CHECK(document.digest.to_string() == row.at("manifest_digest"));
    const auto chain = read_schema1_chain(document, name);
    const auto config = convert_config(with_layers(chain));
    CHECK(config.bytes == row.at("config"));
    auto notes = chain.notes;
    notes.insert(config.notes.begin(), config.notes.end());
    for (const auto& note : row.at("notes")) { // others are of layers, and of what was asked for
      const Notes elsewhere = {"all-layers-empty", "no-end-of-archive", "named-otherwise"};
      CHECK((notes.erase(note.get<std::string>()) + elsewhere.count(note.get<std::string>())) == 1);
    }
    CHECK(notes == Notes{});
  }
  CHECK(count == 17);
}

TEST_CASE("what is no chain is refused, saying why") {
  struct Row {
    std::string manifest;
    const char* why;
  };
  const auto two = k_layer + "," + k_layer;
  for (const auto& row :
       {Row{manifest("", ""), "not equally long"}, Row{manifest(k_layer, ""), "not equally long"},
        Row{manifest(k_layer, "7"), "v1Compatibility is missing"},
        Row{manifest(k_layer, step("[")), "is not JSON"},
        Row{manifest(k_layer, step("{}")), "id is missing"},
        Row{manifest(k_layer, step(R"({\"id\":\"a\",\"parent\":\"b\"})")), "that is not there"},
        Row{manifest(two, step(R"({\"id\":\"a\"})") + "," + step(R"({\"id\":\"b\"})")),
            "is not the parent"},
        Row{manifest(two + "," + k_layer, step(R"({\"id\":\"a\",\"parent\":\"b\"})") + "," +
                                              step(R"({\"id\":\"b\",\"parent\":\"a\"})") + "," +
                                              step(R"({\"id\":\"a\",\"parent\":\"b\"})")),
            "occurs twice"}}) {
    CAPTURE(row.manifest);
    try {
      read_chain(row.manifest);
      FAIL("was accepted");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::protocol);
      CHECK_MESSAGE(error.message().find(row.why) != std::string::npos, error.message());
    }
  }
}

TEST_SUITE_END();
