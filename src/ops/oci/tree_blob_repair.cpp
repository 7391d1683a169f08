// SPDX-License-Identifier: Apache-2.0
#include "ops/oci/tree_blob_repair.hpp"

#include "ops/oci/tree_repository.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/hash.hpp>
#include <regctl/base/text.hpp>
#include <regctl/base/time.hpp>
#include <regctl/formats/v2_paths.hpp>

#include <vector>

namespace regctl::ops {

namespace {

using ActKind = TreeRepairAct::Kind;

const std::string k_common_aside =
    std::string(v2_paths::k_repositories) + "/" + std::string(v2_paths::k_uploads);

/// A name like those of uploads, so that servers remove what is left behind.
std::string upload_name() {
  constexpr std::size_t k_random_bytes = 16;
  auto hex = random_hex(k_random_bytes);
  hex[12] = '4'; // a random UUID
  hex[16] = 'a';
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" +
         hex.substr(16, 4) + "-" + hex.substr(20);
}

std::string start_time(const StorageTree& tree) {
  return print_rfc3339(
      std::chrono::duration_cast<std::chrono::seconds>(tree.now().time_since_epoch()).count());
}

std::vector<std::string> names_in(const StorageTree& tree, const std::string& folder) {
  std::vector<std::string> names;
  tree.list_entries(folder, [&](const FolderEntry& entry) { names.push_back(entry.name); });
  return names;
}

} // namespace

bool TreeBlobRepair::is_sound(const oci::Digest& digest) {
  return digest.algorithm() == oci::DigestAlgorithm::sha256 &&
         blobs_.read(digest).state == TreeBlobState::right;
}

/// Null if there is no file, also if something else stands in its place.
std::unique_ptr<StoredFile> TreeBlobRepair::find_file(const std::string& path) const {
  try {
    return storage_.tree().find_file(path);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::protocol) {
      throw;
    }
    return nullptr;
  }
}

bool TreeBlobRepair::is_right(const StoredFile* file, const oci::Descriptor& blob) const {
  return file != nullptr && file->size_bytes() == blob.size_bytes &&
         storage_.is_right(*file, blob.digest);
}

void TreeBlobRepair::put(const StoredFile& file, const oci::Digest& digest,
                         const std::string& aside) {
  const auto source = file.open(digest.to_string());
  storage_.put_stream(*source, digest, aside);
  blobs_.forget(digest);
}

void TreeBlobRepair::move_misfiled() {
  const auto root = v2_paths::blobs(oci::DigestAlgorithm::sha256);
  const auto& tree = storage_.tree();
  for (const auto& half : names_in(tree, root)) {
    for (const auto& name : names_in(tree, root + "/" + half)) {
      const auto folder = root + "/" + half + "/" + name;
      const auto digest = oci::Digest::find_hex(lower(name));
      if (!digest || v2_paths::blob_folder(*digest) == folder) {
        continue;
      }
      if (const auto file = find_file(folder + "/" + v2_paths::k_data);
          file && storage_.is_right(*file, *digest)) {
        move(folder, *file, *digest);
      }
    }
  }
}

void TreeBlobRepair::move(const std::string& folder, const StoredFile& file,
                          const oci::Digest& digest) {
  if (!on_repair_({ActKind::move_blob,
                   {},
                   digest.to_string(),
                   "its bytes lie in " + storage_.tree().what(folder)})) {
    return;
  }
  auto& tree = storage_.tree();
  put(file, digest, k_common_aside);
  if (const auto opened = tree.find_folder(folder)) {
    opened->discard(v2_paths::k_data);
    opened->sync();
  }
  for (const auto& emptied : {folder, folder.substr(0, folder.rfind('/')), k_common_aside}) {
    try {
      tree.remove_folder(emptied);
    } catch (const Error&) { // it holds something else, or is gone
    }
  }
}

std::optional<FoundManifest> TreeBlobRepair::find_manifest(const oci::Digest& digest) const {
  const auto file = digest.algorithm() == oci::DigestAlgorithm::sha256
                        ? find_file(v2_paths::blob(digest))
                        : nullptr;
  if (!file || file->size_bytes() > oci::k_manifest_limit_bytes) {
    return std::nullopt;
  }
  auto bytes =
      read_text(*file->open(digest.to_string()), oci::k_manifest_limit_bytes, digest.to_string());
  FoundManifest found;
  if (oci::Digest::of(bytes) != digest) {
    const auto end = bytes.find_last_not_of(" \t\r\n");
    bytes.resize(end == std::string::npos ? 0 : end + 1);
    if (oci::Digest::of(bytes) != digest) {
      return std::nullopt;
    }
    found.trimmed = bytes;
  }
  try {
    found.manifest = oci::Manifest::parse(bytes, {}, digest.to_string());
  } catch (const Error&) {
    return std::nullopt;
  }
  return found;
}

bool TreeBlobRepair::is_served(const oci::Digest& digest) const {
  const auto file = find_file(v2_paths::blob(digest));
  return file && file->size_bytes() <= oci::k_manifest_limit_bytes &&
         is_served_manifest(read_text(*file->open(digest.to_string()), oci::k_manifest_limit_bytes,
                                      digest.to_string()));
}

void TreeBlobRepair::trim(const std::string& repository, const oci::Digest& digest,
                          const std::string& bytes) {
  if (on_repair_({ActKind::trim_blob, repository, digest.to_string(),
                  "there is white space behind the manifest"})) {
    storage_.put_bytes(bytes, v2_paths::uploads(repository));
    blobs_.forget(digest);
  }
}

void TreeBlobRepair::restore(const std::string& repository, const oci::Descriptor& blob) {
  if (blob.digest.algorithm() != oci::DigestAlgorithm::sha256) {
    return; // its bytes lie under another name, which the link to them tells
  }
  const auto stored = blobs_.look(blob.digest);
  const bool is_of_known_size = blob.size_bytes > 0;
  const bool fits =
      stored.is_there() && (!is_of_known_size || stored.size_bytes == blob.size_bytes);
  if (fits && (!has_candidate(repository, blob) || is_sound(blob.digest))) {
    return;
  }
  if (!restore_from_data(repository, blob) && !restore_from_folder(repository, blob) &&
      !restore_from_upload(repository, blob)) {
    cut(repository, blob);
  }
}

/// Whether the right bytes may lie elsewhere. Uploads are listed once for each repository.
bool TreeBlobRepair::has_candidate(const std::string& repository, const oci::Descriptor& blob) {
  if (listed_uploads_of_ != repository) {
    const auto uploads = v2_paths::uploads(repository);
    upload_sizes_.clear();
    for (const auto& name : names_in(storage_.tree(), uploads)) {
      if (const auto file = find_file(uploads + "/" + name + "/" + v2_paths::k_data)) {
        upload_sizes_.insert(file->size_bytes());
      }
    }
    listed_uploads_of_ = repository;
  }
  return (blob.data && oci::Digest::of(*blob.data) == blob.digest) ||
         upload_sizes_.contains(blob.size_bytes);
}

bool TreeBlobRepair::restore_from_data(const std::string& repository, const oci::Descriptor& blob) {
  if (!blob.data || oci::Digest::of(*blob.data) != blob.digest) {
    return false;
  }
  if (on_repair_({ActKind::restore_blob, repository, blob.digest.to_string(),
                  "its bytes stand in the manifest"})) {
    storage_.put_bytes(*blob.data, v2_paths::uploads(repository));
    blobs_.forget(blob.digest);
  }
  return true;
}

/// Where a folder stands in the place of the file, with the file in it. It is copied to an
/// unfinished upload first: after a kill the next repair finds it there.
bool TreeBlobRepair::restore_from_folder(const std::string& repository,
                                         const oci::Descriptor& blob) {
  auto& tree = storage_.tree();
  const auto folder = v2_paths::blob(blob.digest);
  for (const auto& name : names_in(tree, folder)) {
    const auto file = find_file(folder + "/" + name);
    if (!is_right(file.get(), blob)) {
      continue;
    }
    if (on_repair_({ActKind::restore_blob, repository, blob.digest.to_string(),
                    "its bytes lie in a folder " + v2_paths::k_data})) {
      const auto uploads = v2_paths::uploads(repository);
      const auto staged = uploads + "/" + upload_name();
      tree.make_folder(staged)->put(v2_paths::k_started_at, start_time(tree));
      const auto copy = tree.start_loose_upload(uploads, staged + "/" + v2_paths::k_data);
      pump(*file->open(folder), *copy);
      copy->commit(staged + "/" + v2_paths::k_data);
      tree.remove_all(folder, uploads, folder + "/" + name);
      put(*tree.find_file(staged + "/" + v2_paths::k_data), blob.digest, uploads);
      tree.remove_all(staged, uploads, staged + "/" + v2_paths::k_started_at);
    }
    return true;
  }
  return false;
}

bool TreeBlobRepair::restore_from_upload(const std::string& repository,
                                         const oci::Descriptor& blob) {
  auto& tree = storage_.tree();
  const auto uploads = v2_paths::uploads(repository);
  for (const auto& name : names_in(tree, uploads)) {
    const auto upload = uploads + "/" + name;
    const auto file = find_file(upload + "/" + v2_paths::k_data);
    if (!is_right(file.get(), blob)) {
      continue;
    }
    if (on_repair_({ActKind::restore_blob, repository, blob.digest.to_string(),
                    "its bytes lie in the unfinished upload " + name})) {
      put(*file, blob.digest, uploads);
      tree.remove_all(upload, uploads, upload + "/" + v2_paths::k_started_at);
    }
    return true;
  }
  return false;
}

/// Of a file that is too long, if its beginning is the blob.
bool TreeBlobRepair::cut(const std::string& repository, const oci::Descriptor& blob) {
  const auto file = find_file(v2_paths::blob(blob.digest));
  if (!file || blob.size_bytes == 0 || file->size_bytes() <= blob.size_bytes) {
    return false;
  }
  const auto open = [&] { return file->open_part(0, blob.size_bytes, blob.digest.to_string()); };
  try {
    drain(*oci::make_verified_source(open(), blob.digest, blob.size_bytes, "it"));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::integrity) {
      throw;
    }
    return false;
  }
  const auto behind = file->size_bytes() - blob.size_bytes;
  if (on_repair_({ActKind::trim_blob, repository, blob.digest.to_string(),
                  "there are " + std::to_string(behind) + " bytes behind it"})) {
    const auto source = open();
    storage_.put_stream(*source, blob.digest, v2_paths::uploads(repository));
    blobs_.forget(blob.digest);
  }
  return true;
}

} // namespace regctl::ops
