// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/formats/v2_storage.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace regctl::ops {

struct TreeGcOptions {
  bool apply = false; ///< remove; otherwise only report
  /// What was changed more recently is kept, with all that it names: a push may be under way.
  std::chrono::seconds grace = std::chrono::hours(24);
  bool force = false; ///< also where tags may be kept outside of the tree
};

/// Something that is removed, or would be.
struct TreeGarbage {
  enum class Kind {
    revision,    ///< a manifest that no tag, index or referrer reaches
    layer,       ///< the link to a blob that no manifest of the repository names
    index_entry, ///< of a tag: a former meaning whose revision is gone
    upload,      ///< never finished
    unfinished,  ///< a file or folder of a process of regctl that was killed
    blob,        ///< bytes that no repository needs
  };
  Kind kind = Kind::blob;
  std::string repository;       ///< empty for a blob
  std::string name;             ///< the digest, or the path of an upload or an unfinished file
  std::uint64_t size_bytes = 0; ///< of blobs, uploads and unfinished files
};

/// "revision", "layer link", "index entry", "upload", "unfinished", "blob".
std::string_view to_string(TreeGarbage::Kind kind) noexcept;

struct TreeGcReport {
  std::uint64_t revisions = 0;
  std::uint64_t links = 0; ///< of layers and index entries
  std::uint64_t blobs = 0;
  std::uint64_t blob_bytes = 0;
  std::uint64_t uploads = 0;
  std::uint64_t upload_bytes = 0; ///< of unfinished files too
  std::uint64_t unfinished = 0;
  std::string upload_obstacle = {}; ///< why unfinished uploads may stay, in a sentence for the user
  std::uint64_t kept_blobs = 0;
  std::uint64_t young = 0; ///< revisions, links, blobs and uploads that only the grace keeps
  /// Links, told of as garbage, that were put back because a push had come to need them. They are
  /// not counted above.
  std::uint64_t put_back = 0;
  /// Repositories that are kept whole: a tag or manifest of theirs is damaged, or their tags may be
  /// elsewhere, so that what they need is not known; or no repository may have their name.
  std::uint64_t kept_repositories = 0;
};

/// Called on the caller's thread with a repository that is kept whole, and the reason in words.
using OnKeptRepository = std::function<void(const std::string& name, const std::string& why)>;

/// Removes from the tree what no tag, index or referrer reaches, and nothing else: unlike
/// distribution's own collection it follows indexes in indexes, artifacts to their subject, links
/// that were lost, and the signatures of old manifests; it stops at no damaged file, but keeps the
/// repository whole. Uploads are kept where a blob is missing, since they may hold its bytes. Links
/// go before blobs, so that an interruption at any moment leaves a sound tree. Memory: 40 bytes for
/// each blob that is kept, and the digests of the largest repository; in a bucket a listing of the
/// whole tree, two at times, and the links to remove.
///
/// Some registries keep tags in a database, and in the tree none or old ones. Unless `force`, a
/// repository with manifests that never had a tag is kept whole, as OpenShift has it, and all are
/// where none has tags. Throws Error{unsupported} for a tree that lies where Harbor puts it.
///
/// Throws Error{unavailable}, with `apply`, while other processes of regctl write to the tree. A
/// server of distribution must be stopped or read-only, and be restarted afterwards if it caches
/// descriptors. In a bucket other processes cannot be seen: there the grace must be an hour or more
/// (else Error{usage}), and what they write meanwhile is looked at before links go, before blobs go
/// and as the removal goes on; what it needs is kept, or put back. Throws Error{unsupported} for a
/// repository behind two symbolic links, and Error{local_io} or Error{protocol} for folders that
/// cannot be read: nothing of theirs may be removed.
TreeGcReport collect_tree_garbage(const std::shared_ptr<V2Storage>& storage,
                                  const TreeGcOptions& options,
                                  const std::function<void(const TreeGarbage&)>& on_garbage,
                                  const OnKeptRepository& on_kept);

} // namespace regctl::ops
