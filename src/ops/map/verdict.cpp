// SPDX-License-Identifier: Apache-2.0
#include "ops/map/verdict.hpp"

#include <algorithm>

namespace regctl::ops {

bool is_repair(const std::string& note) {
  static const std::set<std::string> k_repairs = {
      "ancestry-missing", "ancestry-wrong",     "trailing-bytes", "created-invalid",
      "Cmd-wrapped",      "Entrypoint-wrapped", "config-dropped", "container_config-dropped"};
  return k_repairs.contains(note);
}

std::string_view verdict_of(const std::set<std::string>& notes) {
  if (notes.contains("unverified") && notes.contains("no-end-of-archive")) {
    return "doubtful";
  }
  return std::any_of(notes.begin(), notes.end(), is_repair) ? "repaired" : "sound";
}

} // namespace regctl::ops
