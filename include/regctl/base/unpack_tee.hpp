// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/error.hpp>
#include <regctl/base/stream.hpp>

#include <memory>
#include <string>

namespace regctl {

/// Looks at the unpacked bytes of a stream while the packed ones pass by.
class UnpackedObserver {
public:
  virtual ~UnpackedObserver() = default;

  /// Reads a little (about a buffer) of `unpacked`, the same source at every call. Returns false
  /// when there is nothing more to see.
  virtual bool step(Source& unpacked) = 0;

  /// The bytes cannot be unpacked, or step() threw this; it is not called again.
  virtual void give_up(const Error& reason) noexcept = 0;
};

/// `packed` as it is, while `observer` sees it unpacked (as make_decompressed_source does): one
/// pass, one thread, one buffer. What is wrong with the packing is told to the observer alone;
/// errors of `packed` itself go to the reader. Memory is bounded by k_tee_limit_bytes: packed bytes
/// that go on for longer without giving anything, as no tool writes them, cannot be observed.
std::unique_ptr<Source> make_unpack_tee(std::unique_ptr<Source> packed,
                                        std::shared_ptr<UnpackedObserver> observer,
                                        std::string what);

/// How many packed bytes are held until the observer has seen a piece.
inline constexpr std::size_t k_tee_limit_bytes = 4 * 1024 * 1024;

} // namespace regctl
