// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/model/v1/repository.hpp>

namespace regctl {

void ReadOnlyV1Repository::refuse() const {
  throw Error(ErrorKind::unsupported, describe() + " is only read and cannot be changed");
}

} // namespace regctl
