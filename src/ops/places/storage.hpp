// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/formats/v1_storage.hpp>
#include <regctl/formats/v2_storage.hpp>
#include <regctl/ops/session.hpp>

#include <memory>
#include <string>

namespace regctl::ops {

/// Opens the storage tree at the path of a place, in a folder or in a bucket. Errors are those of
/// V1Storage::open() and objects::Buckets::open_tree().
std::shared_ptr<V1Storage>
open_storage_tree(Session& session, const std::string& path,
                  V1Storage::Missing missing = V1Storage::Missing::error);

/// The same for distribution's storage tree.
std::shared_ptr<V2Storage> open_v2_storage(Session& session, const std::string& path,
                                           V2Storage::Missing missing = V2Storage::Missing::error);

/// Whether two paths are those of one storage tree.
bool is_one_tree(const std::string& one, const std::string& other);

/// The path in the same form wherever the command is started.
std::string absolute_tree_path(const std::string& path);

} // namespace regctl::ops
