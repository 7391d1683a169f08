// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/http/url.hpp>
#include <regctl/model/oci/digest.hpp>

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>

namespace regctl::registry::v2 {

/// Where an upload in pieces goes on.
struct KeptUpload {
  http::Url url;                 ///< the newest one that the registry named
  std::uint64_t sent_bytes = 0;  ///< how many bytes the registry has
  std::uint64_t piece_bytes = 0; ///< the size of the pieces so far

  bool operator==(const KeptUpload&) const = default;
};

/// The uploads in pieces that were not ended, each in a file of its own, for the next run.
///
/// Several processes may share the folder: an upload that one has taken is not found by another
/// one. A file is for its owner alone, because the URL of an upload may hold a signature. Nothing
/// fails here: what cannot be kept or read is sent anew. Thread-safe.
class KeptUploads {
public:
  /// `folder` is created when it is needed. "": nothing is kept.
  explicit KeptUploads(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Takes what was kept of the upload of `digest` to `repository` ("host:5000/team/app").
  std::optional<KeptUpload> take(const std::string& repository, const oci::Digest& digest);

  /// Replaces what was kept of that upload; false if it cannot be kept. The first call removes what
  /// is older than a week: registries have forgotten it. Source: the default of uploadpurging in
  /// distribution 2.8.
  bool keep(const std::string& repository, const oci::Digest& digest, const KeptUpload& upload);

  void forget(const std::string& repository, const oci::Digest& digest);

private:
  [[nodiscard]] std::filesystem::path file_of(const std::string& repository,
                                              const oci::Digest& digest) const;

  const std::filesystem::path folder_;
  std::once_flag prepared_;
};

} // namespace regctl::registry::v2
