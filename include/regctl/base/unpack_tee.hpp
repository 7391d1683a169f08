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

  /// Reads a little (about a buffer) of `unpacked`, which is the same source at every call. Returns
  /// false if it needs no more bytes.
  virtual bool step(Source& unpacked) = 0;

  /// Called at most once, if the bytes cannot be unpacked or step() threw; step() is not called
  /// again.
  virtual void give_up(const Error& reason) noexcept = 0;
};

/// `packed` unchanged, while `observer` sees its unpacked bytes (as make_decompressed_source gives
/// them): one pass, one thread, one buffer. Faults of the compression go to the observer alone;
/// errors of `packed` itself go to the reader. Memory is bounded by k_tee_limit_bytes: if that many
/// packed bytes give no unpacked byte, the observer gives up. No tool writes such data.
std::unique_ptr<Source> make_unpack_tee(std::unique_ptr<Source> packed,
                                        std::shared_ptr<UnpackedObserver> observer,
                                        std::string what);

/// The most packed bytes held until the observer has taken a piece.
inline constexpr std::size_t k_tee_limit_bytes = 4 * 1024 * 1024;

} // namespace regctl
