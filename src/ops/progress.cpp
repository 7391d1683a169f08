// SPDX-License-Identifier: Apache-2.0
#include <regctl/ops/progress.hpp>

namespace regctl::ops {

Progress& silent_progress() {
  static SilentProgress silent;
  return silent;
}

} // namespace regctl::ops
