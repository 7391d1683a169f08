// SPDX-License-Identifier: Apache-2.0
#include "registry/v2/kept_uploads.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/base/hash.hpp>
#include <regctl/base/json.hpp>

#include <chrono>
#include <system_error>

namespace regctl::registry::v2 {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t k_most_file_bytes = 64 * 1024;
constexpr auto k_longest_life = std::chrono::hours(7 * 24);
constexpr std::string_view k_extension = ".upload";

std::string name_of(const std::string& repository, const oci::Digest& digest) {
  return repository + "@" + digest.to_string();
}

std::string to_text(const std::string& blob, const KeptUpload& upload) {
  const Json document = {{"blob", blob},
                         {"url", upload.url.to_string()},
                         {"sent_bytes", upload.sent_bytes},
                         {"piece_bytes", upload.piece_bytes}};
  return dump_json(document) + "\n";
}

/// Throws Error{protocol} for anything that to_text() would not write.
KeptUpload read_text(const std::string& text, const std::string& blob) {
  const auto document = parse_json(text, "a kept upload");
  if (required_string(document, "blob", "a kept upload") != blob) {
    throw Error(ErrorKind::protocol, "a kept upload is of another blob");
  }
  return {http::Url::parse(required_string(document, "url", "a kept upload")),
          required_size(document, "sent_bytes", "a kept upload"),
          required_size(document, "piece_bytes", "a kept upload")};
}

void remove_old_files(const fs::path& folder) {
  std::error_code error;
  const auto oldest = fs::file_time_type::clock::now() - k_longest_life;
  for (fs::directory_iterator file(folder, error), end; !error && file != end;
       file.increment(error)) {
    std::error_code ignored;
    const bool is_ours = file->path().extension() == k_extension;
    if (is_ours && file->last_write_time(ignored) < oldest && !ignored) {
      fs::remove(file->path(), ignored);
    }
  }
}

} // namespace

fs::path KeptUploads::file_of(const std::string& repository, const oci::Digest& digest) const {
  Sha256 hash;
  hash.update(as_bytes(name_of(repository, digest)));
  return folder_ / (hash.finish_hex() + std::string(k_extension));
}

std::optional<KeptUpload> KeptUploads::take(const std::string& repository,
                                            const oci::Digest& digest) {
  if (folder_.empty()) {
    return std::nullopt;
  }
  const auto file = file_of(repository, digest);
  try {
    auto upload = read_text(read_file(file, k_most_file_bytes), name_of(repository, digest));
    // Of two processes that have read it, the one that removes it has taken it.
    std::error_code error;
    const bool is_ours = fs::remove(file, error);
    return is_ours && upload.piece_bytes > 0 ? std::optional(std::move(upload)) : std::nullopt;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) {
      throw;
    }
    return std::nullopt;
  }
}

bool KeptUploads::keep(const std::string& repository, const oci::Digest& digest,
                       const KeptUpload& upload) {
  if (folder_.empty()) {
    return false;
  }
  std::call_once(prepared_, [this] {
    std::error_code ignored;
    if (fs::create_directories(folder_, ignored)) {
      fs::permissions(folder_, fs::perms::owner_all, ignored);
    }
    remove_old_files(folder_);
  });
  try {
    AtomicFile file(file_of(repository, digest), 0600);
    file.write(as_bytes(to_text(name_of(repository, digest), upload)), OnInterrupt::go_on);
    file.commit();
    return true;
  } catch (const Error&) {
    forget(repository, digest); // a former record would name a URL that is dead
    return false;
  }
}

void KeptUploads::forget(const std::string& repository, const oci::Digest& digest) {
  if (!folder_.empty()) {
    std::error_code ignored;
    fs::remove(file_of(repository, digest), ignored);
  }
}

} // namespace regctl::registry::v2
