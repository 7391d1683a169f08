// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/reference.hpp>

#include <map>
#include <string>

namespace regctl::ops {

/// The names that the images of one copy get at its destination. Not thread-safe.
class CopyTargets {
public:
  /// Whether the image `source` (an ID, a tag, a digest) is the first one for `target`. False for
  /// the same image once more. Throws Error{usage} if another image was to become `target`.
  bool take(const std::string& target, const std::string& source);

private:
  std::map<std::string, std::string> sources_; // by target
};

/// Throws Error{usage} for a digest in the name of an image at a destination of v1 images.
void refuse_target_digest(const Reference& target);

/// Throws Error{usage} for the name of an image at docker.io, which a name without a host means: no
/// image is pushed there.
void refuse_implied_host(const Reference& target);

} // namespace regctl::ops
