// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/error.hpp>
#include <regctl/base/stream.hpp>
#include <regctl/model/oci/descriptor.hpp>
#include <regctl/model/oci/manifest.hpp>
#include <regctl/model/reference.hpp>
#include <regctl/model/repository.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace regctl {

class LayerAtRest;

namespace oci {

/// The name of a manifest in a repository: a tag or a digest.
class ManifestName {
public:
  ManifestName(Digest digest) : text_(digest.to_string()), digest_(std::move(digest)) {}
  static ManifestName tag(std::string tag) { return ManifestName(std::move(tag)); }

  [[nodiscard]] const std::string& to_string() const noexcept { return text_; }
  /// Nothing for a tag.
  [[nodiscard]] const std::optional<Digest>& digest() const noexcept { return digest_; }

private:
  explicit ManifestName(std::string tag) : text_(std::move(tag)) {}

  std::string text_;
  std::optional<Digest> digest_;
};

/// The name of the manifest that `reference` names: by its digest, whatever its tag is; else by its
/// tag; else by "latest". Source: Docker 20.10 and distribution 2.8, NAME:TAG@DIGEST.
ManifestName manifest_name(const Reference& reference);

/// The bytes of a blob on their way into a repository.
struct BlobUpload {
  std::optional<Digest> digest; ///< nothing if it is known only at the end
  std::optional<std::uint64_t> size_bytes;
  OpenSource open; ///< opened again where the bytes have to be sent again

  /// Optional: where the bytes that `open` opened last are kept, as long as they pass unchanged;
  /// null as soon as they do not, which may show at their end. A destination that can take them
  /// from there reads them to their end, and need not write them.
  std::function<std::shared_ptr<const LayerAtRest>()> at_rest = {};
  /// Optional: called before bytes at rest are written after all, with what is in the way of taking
  /// them.
  std::function<void(const std::string& obstacle)> on_obstacle = {};
};

/// Whether a repository can have the tag `sha256-HEX`, which lists the referrers of one manifest.
/// `absent` saves the request for it; a listing of all tags tells.
enum class ReferrersTag { unknown, absent };

/// What became of a blob that was put.
struct PutBlob {
  Digest digest;
  std::uint64_t size_bytes = 0;
};

} // namespace oci

/// One repository of manifests and blobs by digest, with tags: at a v2 registry, in distribution's
/// storage tree, in an OCI layout or an archive. Thread-safe.
///
/// A repository that does not exist has no manifests and no blobs. What is put is verified: a store
/// never shows a content under a digest that is not its own.
class OciRepository : public Repository {
public:
  using OnTags = std::function<void(const std::vector<std::string>& names)>;

  /// Calls `on_tags` with the names of all tags, page by page, in the store's order; a name may
  /// come twice. Also tags that name no image (see oci::subject_of_tag). Throws Error{not_found} if
  /// the repository does not exist.
  virtual void list_tags(const OnTags& on_tags) = 0;

  /// The media type, digest and size of a manifest, at the price of a look-up (HEAD); nothing if it
  /// is not there. `digest` names the bytes that read_manifest() returns.
  virtual std::optional<oci::Descriptor> find_manifest(const oci::ManifestName& name) = 0;

  /// A manifest with its bytes, whose digest was computed and compared with the name and with what
  /// the store says; nothing if it is not there. Throws Error{integrity}, Error{protocol}.
  virtual std::optional<oci::Document> read_manifest(const oci::ManifestName& name) = 0;

  /// The size of a blob; nothing if it is not there.
  virtual std::optional<std::uint64_t> find_blob(const oci::Digest& digest) = 0;

  /// The bytes of a blob, from the first one on. The source throws Error{integrity} instead of
  /// ending if size or digest are not those of `blob`. Throws Error{not_found} if the blob is
  /// neither here nor at one of `blob.urls`.
  virtual std::unique_ptr<Source> open_blob(const oci::Descriptor& blob) = 0;

  /// Stores a blob and returns its digest. Throws Error{integrity} if the bytes are not those of
  /// `upload.digest`; then nothing is stored. A blob that is already here may be stored again.
  virtual oci::PutBlob put_blob(const oci::BlobUpload& upload) = 0;

  /// Makes a blob of the repository `from` of the same store ("team/base") one of this repository,
  /// without its bytes. False if the store cannot or does not want to; that is no failure.
  virtual bool mount_blob(const oci::Descriptor& blob, const std::string& from) = 0;

  /// Stores a manifest byte by byte, under its digest and, if `tag` is given, under the tag. Its
  /// blobs and manifests must be here already. Where the manifest has a `subject`, the store lists
  /// it among its referrers, or the call keeps the list of the tag `sha256-HEX`. Throws
  /// Error{unsupported} if the store does not take this kind of manifest.
  virtual void put_manifest(const oci::Document& document,
                            const std::optional<std::string>& tag) = 0;

  /// Removes a manifest, and with it each tag that names it. Throws Error{not_found};
  /// Error{unsupported} if the store does not do that.
  virtual void remove_manifest(const oci::Digest& digest) = 0;

  /// The manifests whose subject is `digest`, each once, with the artifact type where the store
  /// knows it: from the referrers API and, unless `tag` says that it is absent, from the tag
  /// `sha256-HEX`. Empty if there are none.
  virtual std::vector<oci::Descriptor> referrers(const oci::Digest& digest,
                                                 oci::ReferrersTag tag) = 0;

  /// Ends writing. An archive or a layout takes its final name, or shows its new tags, only now;
  /// elsewhere everything is visible as soon as it was put. Call it once, after all puts succeeded.
  virtual void finish() = 0;
};

/// A read-only repository: each call that would change it throws refusal().
class ReadOnlyOciRepository : public OciRepository {
public:
  oci::PutBlob put_blob(const oci::BlobUpload&) final { refuse(); }
  bool mount_blob(const oci::Descriptor&, const std::string&) final { refuse(); }
  void put_manifest(const oci::Document&, const std::optional<std::string>&) final { refuse(); }
  void remove_manifest(const oci::Digest&) final { refuse(); }
  void remove_tag(const std::string&) final { refuse(); }
  void remove() final { refuse(); }
  void finish() final {}

private:
  /// The error for such a call: Error{unsupported} with a general message unless overridden.
  [[nodiscard]] virtual Error refusal() const;
  [[noreturn]] void refuse() const;
};

namespace oci {

/// Whether a tag belongs to another manifest instead of naming an image: "sha256-HEX", which lists
/// referrers, and cosign's "sha256-HEX.sig", ".att" and ".sbom". Returns the digest of that
/// manifest; nothing for any other tag, and for one of a sha512, of which a tag holds only the
/// first half. Source: distribution-spec 1.1, "Referrers Tag Schema"; cosign 2, pkg/oci/remote.
std::optional<Digest> subject_of_tag(std::string_view tag);

/// "sha256-HEX.sig", ".att" and ".sbom", the tags under which cosign keeps what belongs to a
/// manifest. Source: cosign 2, pkg/oci/remote.
std::vector<std::string> cosign_tags(const Digest& subject);

/// "sha256-HEX", the tag that lists the referrers of a manifest where there is no API for them.
std::string referrers_tag(const Digest& subject);

} // namespace oci

} // namespace regctl
