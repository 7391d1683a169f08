// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <variant>

namespace regctl {

/// The operations common to repositories of all image models. Images are read and written by the
/// derived classes: V1Repository has chains of images by ID, OciRepository manifests and blobs by
/// digest. Thread-safe.
class Repository {
public:
  virtual ~Repository() = default;

  /// For messages: "host:5000/team/app".
  [[nodiscard]] virtual std::string describe() const = 0;

  /// Throws Error{not_found} if there is no such tag.
  virtual void remove_tag(const std::string& tag) = 0;

  /// Removes the repository with all its tags. The images stay in the store.
  virtual void remove() = 0;
};

class V1Repository;
class OciRepository;

/// A repository of any image model. Only ops/passage distinguishes the models by it.
using AnyRepository = std::variant<std::unique_ptr<V1Repository>, std::unique_ptr<OciRepository>>;

} // namespace regctl
