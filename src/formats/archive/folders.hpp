// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "formats/archive/index.hpp"

#include <map>
#include <string>
#include <vector>

namespace regctl {

/// The v1 folders of an archive, each with an image's JSON and layer. The JSON decides which image
/// it is: engines 0.9 to 1.1 named the top folder as the user had typed the image
/// ("busybox:latest", a short ID).
class V1Folders {
public:
  struct Folder {
    std::string name;
    std::string parent; ///< ID, or "" for a base image

    [[nodiscard]] std::string json_name() const { return name + "/json"; }
    [[nodiscard]] std::string layer_name() const { return name + "/layer.tar"; }
  };

  /// A folder that looks like an image's, but whose image cannot be determined.
  struct Unplaced {
    std::string name;
    std::string why; ///< a clause: "the folder X …"
  };

  /// Reads every JSON. Throws only I/O errors: the reader of the layout decides whether an unplaced
  /// folder matters.
  explicit V1Folders(const ArchiveIndex& index);

  [[nodiscard]] const std::map<std::string, Folder>& by_id() const noexcept { return by_id_; }
  [[nodiscard]] const std::vector<Unplaced>& unplaced() const noexcept { return unplaced_; }

  /// The image's folder, or nullptr.
  [[nodiscard]] const Folder* find(const std::string& id) const;

private:
  void place(const ArchiveIndex& index, const std::string& name);
  void place_as(const ArchiveIndex& index, const std::string& id, Folder folder);

  std::map<std::string, Folder> by_id_;
  std::vector<Unplaced> unplaced_;
};

} // namespace regctl
