// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/formats/storage_tree.hpp>
#include <regctl/model/v1/repository.hpp>

#include <memory>
#include <utility>

namespace regctl {

/// A layer that is a file in a storage tree.
class LayerInTree final : public LayerAtRest {
public:
  explicit LayerInTree(std::shared_ptr<const StoredFile> file) : file_(std::move(file)) {}
  [[nodiscard]] const std::shared_ptr<const StoredFile>& file() const noexcept { return file_; }

private:
  std::shared_ptr<const StoredFile> file_; // shared with the writer that takes it
};

} // namespace regctl
