// SPDX-License-Identifier: Apache-2.0
#include "formats/oci_layout/layout_folder.hpp"
#include "formats/oci_layout/pending_entries.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/visible.hpp>
#include <regctl/formats/oci_layout.hpp>

#include <mutex>
#include <utility>

namespace regctl {

namespace {

class OciLayout final : public OciImages {
public:
  OciLayout(const std::string& folder, MissingLayout missing) : files_(folder, missing) {}

  [[nodiscard]] std::string describe() const override { return files_.what(); }

  void list_tags(const OnTags& on_tags) override {
    const auto index = current();
    if (!index && pending_.empty()) {
      throw Error(ErrorKind::not_found, "there is no OCI layout at " + files_.what());
    }
    on_tags(oci::tags_of(entries()));
  }

  std::vector<oci::NamedManifest> entries() override {
    const auto index = current();
    return pending_.empty() ? index_or_empty(index).entries()
                            : pending_.merged_with(index_or_empty(index), files_.what());
  }

  std::optional<oci::Descriptor> find_manifest(const oci::ManifestName& name) override {
    const auto index = current();
    const auto digest = find_digest(index, name);
    return digest ? find_layout_manifest(files_, index_or_empty(index), *digest) : std::nullopt;
  }

  std::optional<oci::Document> read_manifest(const oci::ManifestName& name) override {
    const auto index = current();
    const auto digest = find_digest(index, name);
    return digest ? read_layout_manifest(files_, index_or_empty(index), *digest) : std::nullopt;
  }

  std::optional<std::uint64_t> find_blob(const oci::Digest& digest) override {
    const auto file = files_.find_file(blob_path(digest));
    return file ? std::optional(file->size_bytes()) : std::nullopt;
  }

  std::unique_ptr<Source> open_blob(const oci::Descriptor& blob) override {
    return open_layout_blob(files_, blob);
  }

  oci::PutBlob put_blob(const oci::BlobUpload& upload) override {
    files_.create();
    return files_.put_blob(upload);
  }

  /// A layout has one set of blobs: whatever could be mounted is here already.
  bool mount_blob(const oci::Descriptor& blob, const std::string&) override {
    return find_blob(blob.digest) == blob.size_bytes;
  }

  void put_manifest(const oci::Document& document, const std::optional<std::string>& tag) override {
    auto entry = make_entry(document, files_.what());
    put_blob(
        {document.digest, document.bytes.size(), [&] { return make_view_source(document.bytes); }});
    pending_.add(std::move(entry), tag);
  }

  void remove_manifest(const oci::Digest& digest) override {
    bool is_removed = pending_.remove_manifest(digest);
    if (current()) {
      is_removed |= files_.edit_index([&](auto& editor) { return editor.remove_manifest(digest); });
    }
    if (!is_removed) {
      throw Error(ErrorKind::not_found, files_.what() + " lists no manifest " + digest.to_string());
    }
  }

  void remove_tag(const std::string& tag) override {
    bool is_removed = pending_.remove_tag(tag);
    if (current()) {
      is_removed |= files_.edit_index([&](auto& editor) { return editor.remove_tag(tag); });
    }
    if (!is_removed) {
      throw Error(ErrorKind::not_found, files_.what() + " has no tag '" + excerpt(tag) + "'");
    }
  }

  void remove() override {
    pending_.clear();
    if (!current()) {
      throw Error(ErrorKind::not_found, "there is no OCI layout at " + files_.what());
    }
    files_.edit_index([](auto& editor) {
      editor.clear();
      return true;
    });
  }

  std::vector<oci::Descriptor> referrers(const oci::Digest& digest, oci::ReferrersTag) override {
    const auto index = current();
    auto found = pending_.referrers(digest);
    if (index) {
      const std::lock_guard lock(mutex_);
      if (referrers_of_ != index) {
        referrers_ = read_layout_referrers(files_, *index);
        referrers_of_ = index;
      }
      if (const auto known = referrers_.find(digest); known != referrers_.end()) {
        add_referrers(known->second, found);
      }
    }
    const auto tag = oci::referrers_tag(digest);
    if (const auto list = pending_.find_tag(tag)) {
      add_listed_referrers(files_, *list, found);
    } else if (index) {
      for (const auto position : index->positions_of(tag)) {
        add_listed_referrers(files_, index->entries()[position].manifest.digest, found);
      }
    }
    return found;
  }

  void finish() override {
    if (pending_.empty()) {
      return;
    }
    files_.sync_blobs(); // before anything names them
    files_.edit_index([&](auto& editor) {
      pending_.write_to(editor);
      return true;
    });
    pending_.clear();
  }

private:
  /// index.json as it is now, parsed once for each of its versions; null if there is none.
  std::shared_ptr<const LayoutIndex> current() {
    auto file = files_.find_file("index.json");
    const std::lock_guard lock(mutex_);
    if (!file) {
      return nullptr;
    }
    if (!index_ || index_file_->version() != file->version()) {
      const auto what = files_.what() + ": index.json";
      const auto text = read_text(*file->open(what), k_layout_index_limit_bytes, what);
      index_ = std::make_shared<const LayoutIndex>(LayoutIndex::parse(text, files_.what()));
      index_file_ = std::move(file); // kept open, so that no other file can get its version
    }
    return index_;
  }

  static const LayoutIndex& index_or_empty(const std::shared_ptr<const LayoutIndex>& index) {
    static const LayoutIndex k_empty({}, "");
    return index ? *index : k_empty;
  }

  std::optional<oci::Digest> find_digest(const std::shared_ptr<const LayoutIndex>& index,
                                         const oci::ManifestName& name) {
    if (!name.digest()) {
      if (const auto written = pending_.find_tag(name.to_string())) {
        return written;
      }
    }
    return find_layout_digest(files_, index_or_empty(index), name);
  }

  LayoutFolder files_;
  PendingEntries pending_; ///< shown by finish()

  std::mutex mutex_; ///< guards the members below
  std::shared_ptr<const LayoutIndex> index_;
  std::unique_ptr<StoredFile> index_file_;
  std::shared_ptr<const LayoutIndex> referrers_of_;
  std::map<oci::Digest, std::vector<oci::Descriptor>> referrers_;
};

} // namespace

std::unique_ptr<OciImages> open_oci_layout(const std::string& folder, MissingLayout missing) {
  return std::make_unique<OciLayout>(folder, missing);
}

} // namespace regctl
