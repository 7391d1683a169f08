// SPDX-License-Identifier: Apache-2.0
#include "ops/map/verdict.hpp"

#include <regctl/ops/problem.hpp>

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

std::optional<std::string_view> verdict_of(const std::optional<ImageFault>& fault,
                                           const std::optional<ErrorKind>& error,
                                           const std::set<std::string>* notes) {
  if (fault || (error && is_damage(*error))) {
    return "broken";
  }
  return notes != nullptr ? std::optional(verdict_of(*notes)) : std::nullopt;
}

} // namespace regctl::ops
