// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/convert/oci_to_v1_transfer.hpp"
#include "ops/passage/passage.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace regctl::ops {

/// The fact that LearntFacts keeps under a manifest's digest: the ID of the v1 image that it
/// becomes for a platform.
struct DerivedFact {
  std::string platform; ///< "linux/amd64", or "-" if none was asked for
  std::string id;

  /// Reads "PLATFORM ID"; nothing for any other text.
  static std::optional<DerivedFact> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const { return platform + " " + id; }
};

/// The state shared by all passages from OCI repositories of one side to v1 repositories of
/// another. Thread-safe; must outlive the passages.
class OciToV1Passages {
public:
  /// `facts` keeps which image each manifest becomes, so that later runs need not read it.
  OciToV1Passages(Session& session, const Side& source, const Side& destination, LearntFacts& facts,
                  const PassageOptions& options);

  /// The identities are digests at the source and image IDs at the destination: an image is the
  /// same if its manifest and config give that ID, and `originals` (may be null) lacks the v1 image
  /// that it was made from. Throws Error{usage} for several platforms.
  std::unique_ptr<Passage> open(std::unique_ptr<OciRepository> source,
                                std::unique_ptr<V1Repository> destination,
                                std::unique_ptr<V1Repository> originals);

private:
  class OciToV1Passage;

  [[nodiscard]] std::uint64_t requests(std::uint64_t of_source,
                                       std::uint64_t of_destination) const noexcept;

  Session& session_;
  LearntFacts& facts_;
  const PassageOptions& options_;
  SaidOnce said_;
  ImageDeriver deriver_;
  WholeV1Images whole_;        ///< of the destination
  const std::string platform_; ///< as facts have it
  const bool is_source_remote_;
  const bool is_destination_remote_;
};

} // namespace regctl::ops
