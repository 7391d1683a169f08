// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "formats/v1_tree.hpp"

#include <regctl/formats/v1_storage.hpp>

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace regctl {

/// What the files that make up V1Storage share.
class V1Storage::State {
public:
  std::unique_ptr<Tree> tree;
  std::mutex mutex;       ///< guards `writing`, and the lists that are read to be written again
  FileDescriptor writing; ///< holds the shared lock on images/ once something was written
};

/// "images/ID/PART".
std::string image_file(const std::string& id, std::string_view part);

/// Replaces a file of the tree; makes its folder.
void replace_file(const Tree& tree, const std::string& folder, const std::string& name,
                  std::string_view text,
                  AtomicFile::Durable durable = AtomicFile::Durable::bytes_and_name);

} // namespace regctl
