// SPDX-License-Identifier: Apache-2.0
#include "ops/convert/trial_repository.hpp"

#include <regctl/model/oci/digest.hpp>

namespace regctl::ops {

std::unique_ptr<Source> TrialRepository::open_blob(const oci::Descriptor& blob) {
  throw Error(ErrorKind::not_found, "a trial keeps no blob " + blob.digest.to_string());
}

oci::PutBlob TrialRepository::put_blob(const oci::BlobUpload& upload) {
  oci::Digester sum;
  const auto bytes = make_tap_source(upload.open(), [&](auto piece) { sum.update(piece); });
  const auto size_bytes = drain(*bytes);
  return {sum.finish(), size_bytes};
}

} // namespace regctl::ops
