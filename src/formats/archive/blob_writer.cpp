// SPDX-License-Identifier: Apache-2.0
#include "formats/archive/blob_writer.hpp"

#include "formats/oci_layout/layout_files.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/tar.hpp>

#include <utility>
#include <vector>

namespace regctl {

BlobWriter::BlobWriter(std::unique_ptr<ArchiveOutput> output, std::string what)
    : output_(std::move(output)), what_(std::move(what)) {}

oci::PutBlob BlobWriter::put(const oci::BlobUpload& upload) {
  if (upload.digest && upload.size_bytes) {
    if (begin(*upload.digest, upload.size_bytes)) {
      store(*upload.digest, *upload.size_bytes, [&] {
        return oci::make_verified_source(upload.open(), *upload.digest, upload.size_bytes,
                                         upload.digest->to_string());
      });
    }
    return {*upload.digest, *upload.size_bytes};
  }
  oci::Digester digester(upload.digest ? upload.digest->algorithm() : oci::DigestAlgorithm::sha256);
  const auto source =
      make_tap_source(upload.open(), [&](const auto& bytes) { digester.update(bytes); });
  const auto kept = keep_bytes(*source);
  auto digest = digester.finish();
  if (upload.digest.value_or(digest) != digest ||
      upload.size_bytes.value_or(kept.size_bytes) != kept.size_bytes) {
    throw Error(ErrorKind::integrity, "a blob is " + digest.to_string() + " of " +
                                          std::to_string(kept.size_bytes) + " bytes instead of " +
                                          (upload.digest ? upload.digest->to_string()
                                                         : std::to_string(*upload.size_bytes)));
  }
  if (begin(digest, kept.size_bytes)) {
    store(digest, kept.size_bytes, [&] { return kept.open(); });
  }
  return {std::move(digest), kept.size_bytes};
}

/// Whether the blob is to be written, by this thread. Waits for another thread that writes it.
bool BlobWriter::begin(const oci::Digest& digest, std::optional<std::uint64_t> size_bytes) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !busy_.contains(digest); });
  if (const auto known = places_.find(digest); known != places_.end()) {
    if (size_bytes && known->second.size_bytes != *size_bytes) {
      throw Error(ErrorKind::integrity, digest.to_string() + " has " +
                                            std::to_string(known->second.size_bytes) +
                                            " bytes instead of " + std::to_string(*size_bytes));
    }
    return false;
  }
  busy_.insert(digest);
  return true;
}

void BlobWriter::end(const oci::Digest& digest, std::optional<Place> place) noexcept {
  const std::lock_guard lock(mutex_);
  if (place) {
    places_.insert_or_assign(digest, *place);
  }
  busy_.erase(digest);
  changed_.notify_all();
}

void BlobWriter::store(const oci::Digest& digest, std::uint64_t size_bytes,
                       const OpenSource& open) {
  try {
    end(digest, write_file(blob_path(digest), size_bytes, *open()));
  } catch (...) {
    end(digest, std::nullopt);
    throw;
  }
}

std::optional<std::uint64_t> BlobWriter::find(const oci::Digest& digest) const {
  const std::lock_guard lock(mutex_);
  const auto found = places_.find(digest);
  return found == places_.end() ? std::nullopt : std::optional(found->second.size_bytes);
}

std::unique_ptr<Source> BlobWriter::open(const oci::Digest& digest) const {
  Place place;
  {
    const std::lock_guard lock(mutex_);
    const auto found = places_.find(digest);
    if (found == places_.end()) {
      throw Error(ErrorKind::not_found, digest.to_string() + " is not in " + what_);
    }
    place = found->second;
  }
  auto bytes = output_->open(place.offset, place.size_bytes, what_);
  if (!bytes) {
    throw Error(ErrorKind::unsupported, "what was written to " + what_ + " cannot be read again");
  }
  return oci::make_verified_source(std::move(bytes), digest, place.size_bytes,
                                   what_ + ": " + digest.to_string());
}

void BlobWriter::add_file(const std::string& name, const std::string& text) {
  write_file(name, text.size(), *make_view_source(text));
}

BlobWriter::Place BlobWriter::write_file(const std::string& name, std::uint64_t size_bytes,
                                         Source& bytes) {
  std::unique_lock<std::mutex> turn(stream_, std::defer_lock);
  if (!output_->is_positioned()) {
    turn.lock();
  }
  const auto header = make_tar_header({name, size_bytes, 0});
  std::uint64_t offset = 0;
  {
    const std::lock_guard lock(mutex_);
    if (failure_) {
      rethrow_copy(failure_);
    }
    offset = end_;
    end_ += header.size() + size_bytes + tar_padding_bytes(size_bytes);
  }
  try {
    write_text(offset, header);
    const Place place{offset + header.size(), size_bytes};
    std::vector<std::byte> buffer(k_buffer_bytes);
    auto position = place.offset;
    while (const auto n = bytes.read(buffer)) {
      output_->write_at(position, std::span(buffer).first(n));
      position += n;
    }
    write_text(position, std::string(tar_padding_bytes(size_bytes), '\0'));
    return place;
  } catch (...) {
    abandon(name, offset, size_bytes);
    throw;
  }
}

/// In a file, names the half-written part as what it is: its name has the length of the first one,
/// so that its headers have too. A stream ends here.
void BlobWriter::abandon(const std::string& name, std::uint64_t offset, std::uint64_t size_bytes) {
  if (!output_->is_positioned()) {
    const std::lock_guard lock(mutex_);
    failure_ = std::current_exception();
    return;
  }
  constexpr std::string_view k_part = "_part";
  auto part = name;
  part.replace(0, k_part.size(), k_part);
  write_text(offset, make_tar_header({part, size_bytes, 0}));
}

void BlobWriter::write_text(std::uint64_t offset, const std::string& text) {
  output_->write_at(offset, as_bytes(text));
}

void BlobWriter::finish() {
  const std::lock_guard lock(mutex_);
  if (failure_) {
    rethrow_copy(failure_);
  }
  write_text(end_, make_tar_end());
  output_->commit();
}

} // namespace regctl
