// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/model/v1/repository.hpp>

namespace regctl {

Error ReadOnlyV1Repository::refusal() const {
  return Error(ErrorKind::unsupported, describe() + " is only read and cannot be changed");
}

void ReadOnlyV1Repository::refuse() const {
  throw refusal();
}

} // namespace regctl
