// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace regctl {

/// One repository that a search found. Source: docker-registry 0.9.1 and Docker Hub's v1 search.
struct SearchResult {
  std::string name; ///< "team/app"; without "library/"
  std::string description;
  std::uint64_t stars = 0;
  bool is_official = false;
  bool is_automated = false;
};

} // namespace regctl
