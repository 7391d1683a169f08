// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/oci/blob_places.hpp"
#include "ops/oci/whole_images.hpp"
#include "ops/transfer/transfer.hpp"

#include <regctl/base/bandwidth_limit.hpp>
#include <regctl/model/oci/repository.hpp>
#include <regctl/ops/session.hpp>

#include <optional>
#include <string>

namespace regctl::ops {

/// The ends between which blobs move. All members must outlive the movers.
struct OciRoute {
  Session& session;
  OciRepository& source;
  OciRepository& destination;
  std::string destination_name; ///< "team/app"
  /// The source's repository, if it is at the same registry or in the same tree.
  std::optional<std::string> mounts_from;
  BlobPlaces& places; ///< of the destination
  Progress::Verb verb = Progress::Verb::copying;
  BandwidthLimits limits = {};
  WholeImages* whole =
      nullptr; ///< looks at blobs that are there; null: the destination is believed
};

/// Brings blobs into a repository, at the least cost: a blob that is there stays, one that another
/// repository of the destination has is mounted, any other travels and is verified. Thread-safe.
class BlobMover {
public:
  explicit BlobMover(const OciRoute& route) : route_(route) {}

  /// Throws Error{integrity} if the source's bytes are damaged, also at a second attempt.
  Transfer::Moved move(const oci::Descriptor& blob);

  /// Makes sure that a blob is here that another transfer has moved to this destination, maybe into
  /// another repository.
  void settle(const oci::Descriptor& blob);

private:
  [[nodiscard]] bool is_there(const oci::Descriptor& blob);
  void check_sent(const oci::Descriptor& blob);
  bool mount(const oci::Descriptor& blob);
  std::uint64_t send(const oci::Descriptor& blob, Progress::Task task);

  const OciRoute& route_;
};

} // namespace regctl::ops
