// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/oci/digest.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Where distribution keeps what in its storage tree, and how its small files are written. Paths
/// are those of a StorageTree. Source: distribution 2.0 to 3.1, registry/storage/paths.go.
namespace regctl::v2_paths {

/// The folder of all; it tells such a tree from others.
inline constexpr std::string_view k_root = "docker/registry/v2";
inline constexpr std::string_view k_repositories = "docker/registry/v2/repositories";
inline constexpr std::string_view k_blobs = "docker/registry/v2/blobs";
/// GitLab's registry puts this file where manifests and tags are in a database instead.
inline constexpr std::string_view k_database_lock = "docker/registry/lockfiles/database-in-use";

// The folders of a repository; all other folders in it are those of repositories below it.
inline constexpr std::string_view k_layers = "_layers";
inline constexpr std::string_view k_manifests = "_manifests";
inline constexpr std::string_view k_uploads = "_uploads";

inline const std::string k_link = "link"; ///< the file that holds a digest
inline const std::string k_data = "data"; ///< the file with a blob's bytes
inline const std::string k_started_at = "startedat";
inline const std::string k_current = "current";

/// More than any link or `startedat` of a sound tree has: 135 bytes for a sha512.
inline constexpr std::uint64_t k_small_limit_bytes = 4096;

/// Whether a repository may have the name: parts of lower-case letters, digits, '.', '_' and '-'
/// between them; before them, as in a reference, a part like that of a host name. Servers answer
/// 404 to every other name. Source: distribution 2.8, reference.NameRegexp; paths of the driver.
bool is_legal_repository(std::string_view name);

/// Whether clients can name the repository too: they refuse a first part that could only be a
/// host's, such as one with capitals, which distribution takes (skopeo 1.9, Docker 20.10).
bool is_nameable_repository(std::string_view name);

/// A name that a repository may have, close to one that it may not have: a proposal for people.
std::string propose_repository(std::string_view name);

std::string repository(std::string_view name);
std::string layers(std::string_view name);
/// The folder of a layer's link.
std::string layer(std::string_view name, const oci::Digest& digest);
std::string uploads(std::string_view name);
std::string manifests(std::string_view name);
/// The folder of all revisions; in it a folder for each algorithm of digests.
std::string all_revisions(std::string_view name);
/// The folder for sha256 in it. Distribution makes no other.
std::string revisions(std::string_view name);
std::string revision(std::string_view name, const oci::Digest& digest);
/// The folder of the links to the signatures of a manifest of schema 1, by algorithm.
std::string signatures(std::string_view name, const oci::Digest& digest);
std::string tags(std::string_view name);
std::string tag(std::string_view name, std::string_view tag);
/// The folder of the link that says what a tag means.
std::string current(std::string_view name, std::string_view tag);
/// The folder of the links to all revisions that a tag ever meant; in it a folder for each
/// algorithm of digests.
std::string all_tag_indexes(std::string_view name, std::string_view tag);
/// The folder for sha256 in it. Distribution makes no other.
std::string tag_index(std::string_view name, std::string_view tag);
std::string tag_index(std::string_view name, std::string_view tag, const oci::Digest& digest);

/// The folder of all blobs with digests of this algorithm.
std::string blobs(oci::DigestAlgorithm algorithm);
std::string blob_folder(const oci::Digest& digest);
std::string blob(const oci::Digest& digest);

/// "FOLDER/link".
std::string link_in(const std::string& folder);

/// The digest in a link: nothing for any other text, also with a newline behind it, as servers
/// take nothing else.
std::optional<oci::Digest> parse_link(std::string_view text);

/// Seconds since 1970 in a `startedat`; nothing for any other text.
std::optional<std::int64_t> parse_started_at(std::string_view text);

/// Whether a folder in `_uploads` has the name of an upload: a UUID.
bool is_upload_name(std::string_view text) noexcept;

} // namespace regctl::v2_paths
