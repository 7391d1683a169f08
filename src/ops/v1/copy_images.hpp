// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/v1/image_mover.hpp"

#include <regctl/model/v1/repository.hpp>
#include <regctl/ops/copy.hpp>
#include <regctl/ops/session.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>

namespace regctl::ops {

/// Copies the chains of all images in `tags` (tag at the destination → ID) from `source` into the
/// push that `start` begins, each image once, and finishes the push. Adds to `report`. If there are
/// several tags, an error names the tag that it came from.
void copy_images(Session& session, V1Repository& source,
                 const std::map<std::string, std::string>& tags, const ImageCopy& how,
                 const std::function<std::unique_ptr<V1Push>(const V1PushPlan&)>& start,
                 CopyReport& report);

} // namespace regctl::ops
