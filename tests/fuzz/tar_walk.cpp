// SPDX-License-Identifier: Apache-2.0
#include "fuzz/fuzz.hpp"

#include <regctl/base/stream.hpp>
#include <regctl/base/tar_walk.hpp>

#include <string_view>

namespace {

regctl::TarWalk walk(std::string_view tar, std::size_t piece) {
  regctl::TarWalk walk;
  for (std::size_t i = 0; i < tar.size(); i += piece) {
    walk.take(regctl::as_bytes(tar.substr(i, piece)));
  }
  walk.finish();
  return walk;
}

} // namespace

void fuzz(const std::string& input) {
  const auto whole = walk(input, input.size() + 1);
  const auto pieces = walk(input, 1 + input.size() % 700);
  const bool is_blank = input.find_first_not_of('\0') == std::string::npos;
  const bool are_same = whole.fault() == pieces.fault() && whole.problem() == pieces.problem() &&
                        whole.lacks_end() == pieces.lacks_end() &&
                        whole.has_bytes_behind() == pieces.has_bytes_behind() &&
                        whole.has_aufs_entry() == pieces.has_aufs_entry() &&
                        whole.has_gnu_sparse() == pieces.has_gnu_sparse();
  if (!are_same || whole.is_blank() != is_blank || pieces.is_blank() != is_blank) {
    __builtin_trap(); // how a tar is cut into pieces says nothing of it
  }
}
