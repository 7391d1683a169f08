// SPDX-License-Identifier: Apache-2.0
#include "ops/content_verdict.hpp"

#include <regctl/base/visible.hpp>
#include <regctl/model/oci/config_difference.hpp>

namespace regctl::ops {

namespace {

/// The members that decide how the image runs and differ: "config.Cmd, config.Env.PATH"; else "".
std::string differing_members(const ImageContent& a, const ImageContent& b) {
  constexpr std::size_t k_shown = 5;
  std::string names;
  std::size_t number = 0;
  for (const auto& member :
       oci::compare_configs(a.config, "the config of A", b.config, "the config of B")) {
    if (member.is_run && ++number <= k_shown) {
      names += (names.empty() ? "" : ", ") + excerpt(member.name);
    }
  }
  return number > k_shown ? names + ", …" : names;
}

/// "3 paths: 'etc/passwd' (mode, owner), …"; "" for equal file systems.
std::string differing_paths(const ImageContent& a, const ImageContent& b) {
  std::uint64_t number = 0;
  std::string first;
  compare_files(a.files, b.files, [&](const FileEntry* of_a, const FileEntry* of_b) {
    if (++number > 1) {
      return;
    }
    const auto& path = of_a != nullptr ? of_a->path : of_b->path;
    std::string how = of_a == nullptr ? "only at B" : of_b == nullptr ? "only at A" : "";
    if (how.empty()) {
      for (const auto& change : compare(of_a, of_b)) {
        how += (how.empty() ? "" : ", ") + excerpt(change.what);
      }
    }
    first = "'" + (path.empty() ? "/" : excerpt(path)) + "' (" + how + ")";
  });
  return number == 0   ? ""
         : number == 1 ? "1 path: " + first
                       : std::to_string(number) + " paths: " + first + ", …";
}

} // namespace

Finding compare_contents(Session& session, const ImageHandle& a, const ImageHandle& b,
                         const std::string& expected) {
  const auto contents = read_contents(session, a, b);
  const auto members = differing_members(contents.a, contents.b);
  const auto paths = differing_paths(contents.a, contents.b);
  const auto where = Finding::Where::between;
  if (!paths.empty()) {
    return {Fault::files_differ, where, b.identity,
            paths + (members.empty() ? "" : "; configuration: " + members)};
  }
  if (!members.empty()) {
    return {Fault::config_differs, where, b.identity, members};
  }
  return {Fault::digest_differs, where, b.identity,
          "the files and the configuration are the same, but conversion gives " + expected};
}

} // namespace regctl::ops
