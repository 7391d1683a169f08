// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/error.hpp>
#include <regctl/formats/storage_tree.hpp>

#include <functional>
#include <string>
#include <vector>

namespace regctl::ops {

/// Looks for the half-written files of a storage tree, and removes them. In a bucket both take
/// rights that a key may not have: then the rest of a collection goes on without them. Not
/// thread-safe.
class UnfinishedFiles {
public:
  using OnFile = std::function<void(const UnfinishedFile&)>;

  /// Has `list` call its argument for each file, and returns the files.
  std::vector<UnfinishedFile> find(const std::function<void(const OnFile&)>& list) {
    std::vector<UnfinishedFile> files;
    attempt([&] { list([&](const UnfinishedFile& file) { files.push_back(file); }); },
            "uploads in parts cannot be listed, and stay (s3:ListBucketMultipartUploads, "
            "s3:ListMultipartUploadParts)");
    return files;
  }

  /// Has `remove` remove a file. Returns false if that is not possible.
  bool remove(const std::function<void()>& remove) {
    return attempt(remove, "uploads in parts cannot be ended, and stay (s3:AbortMultipartUpload)");
  }

  /// What was not possible, in a sentence for the user; "" if all was.
  [[nodiscard]] const std::string& obstacle() const noexcept { return obstacle_; }

private:
  bool attempt(const std::function<void()>& act, const char* what) {
    try {
      act();
      return true;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::denied && error.kind() != ErrorKind::unsupported) {
        throw;
      }
      if (obstacle_.empty()) {
        obstacle_ = std::string(what) + ": " + error.message();
      }
      return false;
    }
  }

  std::string obstacle_; ///< the first one
};

} // namespace regctl::ops
