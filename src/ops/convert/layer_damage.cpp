// SPDX-License-Identifier: Apache-2.0
#include "ops/convert/layer_damage.hpp"

namespace regctl::ops {

void finish_layer_walk(TarWalk& walk, const std::string& what) {
  walk.finish();
  if (!walk.is_blank() && walk.fault() != TarWalk::Fault::none) {
    const bool is_cut = walk.fault() == TarWalk::Fault::cut;
    throw Error(ErrorKind::integrity,
                what + (is_cut ? " is cut short: " : " is no tar: ") + walk.problem());
  }
}

} // namespace regctl::ops
