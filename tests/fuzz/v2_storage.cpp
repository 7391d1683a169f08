// SPDX-License-Identifier: Apache-2.0
#include "fuzz/fuzz.hpp"
#include "support/temporary_folder.hpp"

#include <regctl/formats/v2_paths.hpp>
#include <regctl/ops/oci/tree_audit.hpp>
#include <regctl/ops/oci/tree_gc.hpp>
#include <regctl/ops/oci/tree_repair.hpp>

#include <filesystem>
#include <fstream>
#include <memory>

namespace {

using regctl::V2Storage;
using regctl::oci::Digest;
namespace v2_paths = regctl::v2_paths;

/// A tree in which each small file is the input, and so is a manifest that a tag names.
struct Fixture {
  regctl::test::TemporaryFolder folder;

  void write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories((folder / path).parent_path());
    std::ofstream(folder / path, std::ios::trunc) << text;
  }

  explicit Fixture(const std::string& input) {
    const auto manifest = Digest::of(input);
    const auto other = Digest::of("other");
    write(v2_paths::blob(manifest), input);
    for (const auto& digest : {manifest, other}) {
      const auto& text = digest == other ? input : manifest.to_string();
      write(v2_paths::link_in(v2_paths::revision("app", digest)), text);
      write(v2_paths::link_in(v2_paths::layer("app", digest)), text);
    }
    write(v2_paths::link_in(v2_paths::current("app", "1")), manifest.to_string());
    write(v2_paths::link_in(v2_paths::current("app", "2")), input);
    write(v2_paths::link_in(v2_paths::tag_index("app", "2", manifest)), input);
    write(v2_paths::uploads("app") + "/old/startedat", input);
    // Nothing here is being written.
    const auto long_ago = std::filesystem::file_time_type::clock::now() - std::chrono::hours(1000);
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path())) {
      std::filesystem::last_write_time(entry.path(), long_ago);
    }
  }
};

void require(bool holds) {
  if (!holds) {
    __builtin_trap();
  }
}

} // namespace

void fuzz(const std::string& input) {
  if (const auto digest = v2_paths::parse_link(input)) {
    require(digest->to_string() == input);
  }
  static_cast<void>(v2_paths::parse_started_at(input));
  if (v2_paths::is_legal_repository(input)) { // never leads elsewhere
    require(input.find("..") == std::string::npos && input.find("//") == std::string::npos &&
            input.front() != '/' && input.find('\0') == std::string::npos);
  }
  const Fixture fixture(input);
  const auto storage = V2Storage::open(fixture.folder.path().string());
  regctl::ops::audit_tree(*storage, {.deep = true}, {});
  regctl::ops::collect_tree_garbage(
      storage, {}, [](const auto&) {}, [](const auto&, const auto&) {});
  const auto repair = [&] {
    return regctl::ops::repair_tree(storage, {}, [](const auto&) {}).acts;
  };
  repair();
  require(repair() == 0);
  const auto repository = storage->repository("app");
  const auto document = repository->read_manifest(Digest::of(input));
  require(!document || document->bytes == input);
}
