// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/stream.hpp>
#include <regctl/base/unpack_tee.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace regctl {

inline constexpr std::string_view k_tarsum_prefix = "tarsum+sha256:";

/// The version 0 tarsum of a layer, "tarsum+sha256:" and 64 hex digits, as engines 1.3 to 1.9 send
/// it in X-Docker-Checksum. It covers the JSON and the sorted sums of all entries (name, mode, uid,
/// gid, size, mtime, typeflag, linkname, uname, gname, devmajor, devminor, content). Computed while
/// the layer passes by: see make_unpack_tee. Not thread-safe.
class Tarsum final : public UnpackedObserver {
public:
  explicit Tarsum(std::string_view json);
  ~Tarsum() override;
  Tarsum(const Tarsum&) = delete;
  Tarsum& operator=(const Tarsum&) = delete;

  bool step(Source& unpacked) override;
  void give_up(const Error& reason) noexcept override;

  /// The sum, after the layer was seen to its end. Nothing if it is not a tar, or has more than
  /// k_tarsum_entry_limit entries (memory must be bounded, and no registry relies on the sum).
  [[nodiscard]] std::optional<std::string> result();

private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

inline constexpr std::size_t k_tarsum_entry_limit = 100'000;

/// The tarsum of a whole layer, compressed or not. Throws Error{protocol} if it is not a tar.
std::string tarsum(std::string_view json, std::unique_ptr<Source> layer);

} // namespace regctl
