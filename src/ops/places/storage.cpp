// SPDX-License-Identifier: Apache-2.0
#include "ops/places/storage.hpp"

#include <regctl/model/place.hpp>
#include <regctl/objects/buckets.hpp>

#include <filesystem>
#include <system_error>

namespace regctl::ops {

std::shared_ptr<V1Storage> open_storage_tree(Session& session, const std::string& path,
                                             V1Storage::Missing missing) {
  return is_in_bucket(path) ? V1Storage::open(session.buckets().open_tree(path), missing)
                            : V1Storage::open(path, missing);
}

std::shared_ptr<V2Storage> open_v2_storage(Session& session, const std::string& path,
                                           V2Storage::Missing missing) {
  return is_in_bucket(path) ? V2Storage::open(session.buckets().open_tree(path), missing)
                            : V2Storage::open(path, missing);
}

bool is_one_tree(const std::string& one, const std::string& other) {
  if (is_in_bucket(one) || is_in_bucket(other)) {
    return absolute_tree_path(one) == absolute_tree_path(other);
  }
  std::error_code problem; // a missing tree is reported when it is opened
  return one == other || std::filesystem::equivalent(one, other, problem);
}

std::string absolute_tree_path(const std::string& path) {
  return is_in_bucket(path) ? objects::BucketPath::parse(path).to_string()
                            : std::filesystem::absolute(path).lexically_normal().string();
}

} // namespace regctl::ops
