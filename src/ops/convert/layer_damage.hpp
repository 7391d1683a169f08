// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/error.hpp>
#include <regctl/base/tar_walk.hpp>

#include <string>
#include <utility>

namespace regctl::ops {

/// Runs `body`. Data that cannot be unpacked are damage, not a peer that breaks a protocol:
/// Error{protocol} becomes Error{integrity}.
template <class Body> auto with_damage_named(Body&& body) {
  try {
    return std::forward<Body>(body)();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::protocol) {
      throw;
    }
    throw Error(ErrorKind::integrity, error.message(), error.hint());
  }
}

/// Ends the walk through a layer. Throws Error{integrity} "WHAT is cut short: …" or "… is no tar:
/// …" unless the layer is a tar or blank.
void finish_layer_walk(TarWalk& walk, const std::string& what);

} // namespace regctl::ops
