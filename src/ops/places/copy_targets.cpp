// SPDX-License-Identifier: Apache-2.0
#include "ops/places/copy_targets.hpp"

#include <regctl/base/error.hpp>

namespace regctl::ops {

bool CopyTargets::take(const std::string& target, const std::string& source) {
  const auto [known, is_new] = sources_.emplace(target, source);
  if (!is_new && known->second != source) {
    throw Error(ErrorKind::usage, "several images would become " + target,
                "leave out the destination's name or tag, or copy them one by one");
  }
  return is_new;
}

void refuse_target_digest(const Reference& target) {
  if (target.digest) {
    throw Error(ErrorKind::usage, "a destination of v1 images has no digest: " + target.to_string(),
                "name a tag at the destination");
  }
}

void refuse_implied_host(const Reference& target) {
  if (target.host == "docker.io") {
    throw Error(ErrorKind::usage, "'" + target.to_familiar_string() + "' names no registry",
                "name the destination: HOST[:PORT]/NAME[:TAG]");
  }
}

} // namespace regctl::ops
