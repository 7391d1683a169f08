// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/formats/v1_storage.hpp>
#include <regctl/ops/repair.hpp>

#include <functional>
#include <memory>

namespace regctl::ops {

/// Replaces the damaged and missing images of a storage tree that its tags need by those of
/// `options.from`, base first, and counts in `report` those that could not be fetched. An image
/// that another process is writing is left alone. What is read of the other place is verified
/// before anything is changed here.
void fetch_images(Session& session, V1Storage& storage, const RepairOptions& options,
                  const std::function<void(const RepairAct&)>& on_act, RepairReport& report);

} // namespace regctl::ops
