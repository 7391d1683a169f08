// SPDX-License-Identifier: Apache-2.0
#include "formats/v1_storage/form_quote.hpp"
#include "fuzz/fuzz.hpp"
#include "support/temporary_folder.hpp"

#include <regctl/formats/v1_storage.hpp>

#include <array>
#include <fstream>
#include <memory>

namespace {

using regctl::V1Storage;

const std::string k_id(64, 'a');
const std::string k_parent(64, 'b');

/// The files of a tree that others wrote, each of which is the input in turn.
const std::array<std::string, 6> k_files = {
    "images/" + k_id + "/json",      "images/" + k_id + "/ancestry",
    "images/" + k_id + "/_checksum", "repositories/a/b/_index_images",
    "repositories/a/b/tag_x",        "repositories/a/b/tagx_json"};

struct Fixture {
  Fixture() {
    for (const auto& file : k_files) {
      std::filesystem::create_directories((folder / file).parent_path());
    }
    std::filesystem::create_directories(folder / ("images/" + k_parent));
    std::ofstream(folder / ("images/" + k_parent + "/json")) << "{\"id\": \"" << k_parent << "\"}";
    std::ofstream(folder / ("images/" + k_id + "/layer")) << "layer";
    storage = V1Storage::open(folder.path().string());
  }

  regctl::test::TemporaryFolder folder;
  std::shared_ptr<V1Storage> storage;
};

template <class Body> void attempt(Body&& body) {
  try {
    body();
  } catch (const regctl::Error&) {
    return; // an answer
  }
}

} // namespace

void fuzz(const std::string& input) {
  static Fixture fixture;
  auto& storage = *fixture.storage;
  for (const auto& file : k_files) {
    std::ofstream(fixture.folder / file) << input;
  }
  static_cast<void>(storage.ancestry(k_id));
  static_cast<void>(storage.checksums(k_id));
  static_cast<void>(storage.chain(k_id));
  static_cast<void>(storage.likely_chain(k_id));
  static_cast<void>(storage.find_image(k_id));
  for (const auto& [tag, id] : storage.tags("a/b").value_or(regctl::V1Tags())) {
    if (id && !regctl::is_v1_id(*id)) {
      __builtin_trap();
    }
  }
  attempt([&] { storage.add_index_images("a/b", {k_id}, {}); });
  if (storage.index_images("a/b").value_or("").find(k_id) == std::string::npos) {
    __builtin_trap(); // what was added is there, whatever was before
  }
  const bool can_be_named = input.find('\0') == std::string::npos;
  if (regctl::form_unquote(regctl::form_quote(input)) !=
      (can_be_named ? std::optional(input) : std::nullopt)) {
    __builtin_trap();
  }
}
