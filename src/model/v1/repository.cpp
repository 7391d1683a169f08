// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/model/v1/repository.hpp>

#include <utility>

namespace regctl {

std::optional<std::string> V1Repository::json_of(const std::string& id) {
  auto image = find_image(id);
  return image ? std::optional(std::move(image->json)) : std::nullopt;
}

Error ReadOnlyV1Repository::refusal() const {
  return Error(ErrorKind::unsupported, describe() + " is only read and cannot be changed");
}

void ReadOnlyV1Repository::refuse() const {
  throw refusal();
}

} // namespace regctl
