// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/formats/v2_paths.hpp>
#include <regctl/formats/v2_storage.hpp>

namespace regctl {

std::unique_ptr<StoredFile> V2Storage::find_blob(const oci::Digest& digest) const {
  return tree_->find_file(v2_paths::blob(digest));
}

bool V2Storage::is_right(const StoredFile& blob, const oci::Digest& digest) const {
  try {
    const auto source = oci::make_verified_source(blob.open(digest.to_string()), digest,
                                                  blob.size_bytes(), digest.to_string());
    drain(*source);
    return true;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::integrity) {
      throw;
    }
    return false;
  }
}

oci::Digest V2Storage::put_bytes(std::string_view bytes, const std::string& aside) {
  const auto source = make_view_source(bytes);
  return put_stream(*source, oci::Digest::of(bytes), aside).digest;
}

std::optional<oci::PutBlob> V2Storage::adopt_stream(Source& source, const StoredFile& file,
                                                    const std::function<bool()>& is_still_same,
                                                    const std::string& aside,
                                                    std::string& obstacle) {
  lock_for_writing();
  oci::Digester sum;
  const auto summed = make_tap_source(std::make_unique<BorrowedSource>(source),
                                      [&](std::span<const std::byte> bytes) { sum.update(bytes); });
  const auto size_bytes = drain(*summed);
  if (!is_still_same() || size_bytes != file.size_bytes()) {
    return std::nullopt;
  }
  const auto found = sum.finish();
  const auto present = find_blob(found);
  const bool is_local = present && present->descriptor();
  const bool is_kept = is_local && present->size_bytes() == size_bytes &&
                       (present->version() == file.version() || is_right(*present, found));
  if (!is_kept) {
    obstacle = tree_->adopt(file, v2_paths::blob(found), aside);
  }
  return obstacle.empty() ? std::optional(oci::PutBlob{found, size_bytes}) : std::nullopt;
}

oci::PutBlob V2Storage::put_stream(Source& source, const std::optional<oci::Digest>& digest,
                                   const std::string& aside) {
  lock_for_writing();
  const bool is_known = digest && digest->algorithm() == oci::DigestAlgorithm::sha256;
  const auto upload = tree_->start_loose_upload(aside, is_known ? v2_paths::blob(*digest) : "");
  oci::Digester sum;
  const auto summed = make_tap_source(std::make_unique<BorrowedSource>(source),
                                      [&](std::span<const std::byte> bytes) { sum.update(bytes); });
  pump(*summed, *upload);
  const auto found = sum.finish();
  if (is_known && found != *digest) {
    throw Error(ErrorKind::integrity,
                "a blob has digest " + found.to_string() + " instead of " + digest->to_string());
  }
  // A file that is there may be cut or empty, as a server leaves it on a full disk, and may share
  // its bytes with the other tree. An object that is replaced costs less than one that is read.
  const auto present = find_blob(found);
  const bool is_kept = present && present->descriptor() &&
                       present->size_bytes() == upload->size_bytes() && is_right(*present, found);
  if (!is_kept) {
    upload->commit(v2_paths::blob(found));
  }
  return {found, upload->size_bytes()};
}

} // namespace regctl
