// SPDX-License-Identifier: Apache-2.0
#include "server/v1/image_list.hpp"

#include "fuzz/fuzz.hpp"

#include <algorithm>
#include <string>
#include <string_view>

using std::string_view_literals::operator""sv;

namespace {

/// IDs become names of files; they need not be image IDs.
bool is_name(const std::string& id) {
  return !id.empty() && id.size() <= 128 && id.front() != '.' &&
         id.find_first_of("/\0"sv) == std::string::npos;
}

} // namespace

/// The body of an announcement.
void fuzz(const std::string& input) {
  regctl::server::ImageList list;
  const auto refusal = regctl::server::read_image_list(input, list);
  const bool are_names = std::all_of(list.ids.begin(), list.ids.end(), is_name);
  if (!are_names || list.ids.size() != list.sums.size() || (refusal && refusal->status < 400)) {
    __builtin_trap();
  }
}
